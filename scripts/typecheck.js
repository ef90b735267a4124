// Checks the types of all projects. TypeScript 7 takes a tenth of the time of TypeScript 5, which stays a dependency:
// the declarations for users are built and tested with the older one, and its API has no successor yet.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const PROJECTS = ['.', 'src/web', 'test/unit/web'];
const compiler = createRequire(import.meta.url)
  .resolve('typescript-native/package.json')
  .replace(/package\.json$/, 'bin/tsc');

// Several checkers check the types that they share once each, and memory is cheaper than a frequent garbage collection.
const options = ['--noEmit', '--checkers', '1'];
const env = { GOGC: '400', ...process.env };
const results = PROJECTS.map((project) =>
  spawnSync(process.execPath, [compiler, ...options, '-p', project], { stdio: 'inherit', env }),
);
process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1;
