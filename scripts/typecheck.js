// Checks the types of all projects. TypeScript 7 takes a tenth of the time of TypeScript 5, which stays a dependency:
// the declarations for users are built and tested with the older one, and its API has no successor yet.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const PROJECTS = ['.', 'src/web', 'test/unit/web'];
const compiler = createRequire(import.meta.url)
  .resolve('typescript-native/package.json')
  .replace(/package\.json$/, 'bin/tsc');

const results = PROJECTS.map((project) =>
  spawnSync(process.execPath, [compiler, '--noEmit', '-p', project], { stdio: 'inherit' }),
);
process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1;
