import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from '../helpers/build.js';
import { compilerOf, run } from '../helpers/package.js';
import type { Page } from '../docs/pages.js';

/** The languages that are compiled. JavaScript is compiled as TypeScript whose parameters may be of any type. */
const EXTENSIONS: Readonly<Record<string, string>> = { js: 'ts', ts: 'ts', jsx: 'tsx', tsx: 'tsx' };

const OPTIONS = {
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.iterable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  types: ['node'],
  jsx: 'react-jsx',
  strict: true,
  noImplicitAny: false,
  skipLibCheck: true,
  noEmit: true,
};

/** Compiles the code of pages against the built package. Gives what is wrong, as `docs/client.md:12: Cannot find name 'x'.` */
export async function compile(pages: readonly Page[]): Promise<string[]> {
  // Inside the package, so that the code finds the package by its name.
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'build/docs-'));
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const given = join(ROOT, 'test/package/docs-given');
  try {
    write('tsconfig.json', JSON.stringify({ compilerOptions: OPTIONS }));
    write('globals.ts', globalsOf(readFileSync(`${given}.ts`, 'utf8'), relative(folder, `${given}.js`)));
    write('modules.d.ts', MODULES);
    const origins = new Map<string, { readonly path: string; readonly line: number }>();
    for (const { path, blocks } of pages) {
      for (const { language, line, code } of blocks) {
        const extension = EXTENSIONS[language];
        if (extension === undefined) continue;
        const name = `${path}.${line}.${extension}`;
        origins.set(name, { path, line });
        // Each block is a module of its own.
        write(name, `${code}\nexport {};\n`);
      }
    }
    const args = [compilerOf('typescript-native'), '--pretty', 'false', '-p', folder];
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder, timeoutMs: 120_000 });
    const errors = [...stdout.matchAll(/^(?:(\S+)\((\d+),\d+\): )?error \w+: (.*)$/gm)];
    if (stderr !== '' || (code !== 0 && errors.length === 0))
      throw new Error(`The compiler failed\n${stdout}${stderr}`);
    return errors.map(([, name = '', at = '1', text]) => {
      const { path, line } = origins.get(name) ?? { path: name, line: 1 };
      return `${path}:${line + Number(at) - 1}: ${text}`;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The packages that the documentation imports and the project does not have. */
const MODULES = `declare module 'jose' {
  export function jwtVerify(token: string, key: Uint8Array): Promise<{ payload: { sub?: string } }>;
}
`;

/** Makes what a module exports known everywhere. */
function globalsOf(module: string, path: string): string {
  const names = [...module.matchAll(/^export declare (?:const|function) (\w+)/gm)].map(([, name]) => name);
  const declarations = names.map((name) => `  const ${name}: typeof given.${name};`);
  return `import type * as given from '${path}';\ndeclare global {\n${declarations.join('\n')}\n}\n`;
}
