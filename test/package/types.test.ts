import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { ROOT } from '../helpers/build.js';
import { run } from '../helpers/package.js';

const { app } = inject('installed');

it('compiles in a strict project that checks the types of its libraries', { timeout: 300_000 }, async () => {
  const project = join(app, 'typed');
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
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { code, stdout } = await run(process.execPath, [tsc, '-p', project], { cwd: project, timeoutMs: 280_000 });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
});
