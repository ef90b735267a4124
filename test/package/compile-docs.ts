import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../helpers/build.js';
import type { Page } from '../docs/pages.js';

/** The languages that are compiled. JavaScript is compiled as TypeScript whose parameters may be of any type. */
const EXTENSIONS: Readonly<Record<string, string>> = { js: 'ts', ts: 'ts', jsx: 'tsx', tsx: 'tsx' };

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: ['node'],
  jsx: ts.JsxEmit.ReactJSX,
  strict: true,
  noImplicitAny: false,
  skipLibCheck: true,
  noEmit: true,
};

/** Compiles the code of pages against the built package. Gives what is wrong, as `docs/client.md:12: Cannot find name 'x'.` */
export function compile(pages: readonly Page[]): string[] {
  const given = join(ROOT, 'test/package/docs-given.ts');
  const origins = new Map<string, { readonly path: string; readonly line: number }>();
  const files = new Map<string, string>([
    [join(ROOT, 'test/package/globals.virtual.ts'), globalsOf(readFileSync(given, 'utf8'))],
    [join(ROOT, 'test/package/modules.virtual.d.ts'), MODULES],
  ]);
  for (const { path, blocks } of pages) {
    for (const { language, line, code } of blocks) {
      const extension = EXTENSIONS[language];
      if (extension === undefined) continue;
      const name = join(ROOT, `${path}.${line}.${extension}`);
      origins.set(name, { path, line });
      // Each block is a module of its own.
      files.set(name, `${code}\nexport {};\n`);
    }
  }
  const host = ts.createCompilerHost(OPTIONS);
  const virtual: ts.CompilerHost = {
    ...host,
    fileExists: (name) => files.has(name) || host.fileExists(name),
    readFile: (name) => files.get(name) ?? host.readFile(name),
    getSourceFile: (name, version, ...rest) => {
      const text = files.get(name);
      return text === undefined
        ? host.getSourceFile(name, version, ...rest)
        : ts.createSourceFile(name, text, version, true);
    },
  };
  const program = ts.createProgram([...files.keys()], OPTIONS, virtual);
  return [...files.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return diagnostics.map(({ start = 0, messageText }) => {
      const { path, line } = origins.get(name) ?? { path: name, line: 1 };
      const at = line + (file?.getLineAndCharacterOfPosition(start).line ?? 0);
      return `${path}:${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

/** The packages that the documentation imports and the project does not have. */
const MODULES = `declare module 'jose' {
  export function jwtVerify(token: string, key: Uint8Array): Promise<{ payload: { sub?: string } }>;
}
`;

/** Makes what a module exports known everywhere. */
function globalsOf(module: string): string {
  const names = [...module.matchAll(/^export declare (?:const|function) (\w+)/gm)].map(([, name]) => name);
  const declarations = names.map((name) => `  const ${name}: typeof given.${name};`);
  return `import type * as given from './docs-given.js';\ndeclare global {\n${declarations.join('\n')}\n}\n`;
}
