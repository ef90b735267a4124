import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../helpers/build.js';
import { compilerOf, installed, run } from '../helpers/package.js';
import { IS_LONG } from '../helpers/schedules.js';

const { app } = await installed();

const COMPILERS = [
  { name: 'typescript-native', checksLibraries: true },
  // This one takes most of its time to check the declarations of libraries.
  { name: 'typescript', checksLibraries: IS_LONG },
] as const;

it.each(COMPILERS)(
  'compiles in a strict project with $name',
  { timeout: 300_000 },
  async ({ name: compiler, checksLibraries }) => {
    const project = join(app, compiler);
    // Types of Node are what every such project has; those of `ws` are what none needs to have.
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
    for (const name of ['esm.mts', 'cjs.cts']) {
      copyFileSync(new URL('consumer.ts', import.meta.url), join(project, name));
    }
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: !checksLibraries,
      noEmit: true,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const args = [compilerOf(compiler), '-p', project];
    const { code, stdout } = await run(process.execPath, args, { cwd: project, timeoutMs: 280_000 });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  },
);
