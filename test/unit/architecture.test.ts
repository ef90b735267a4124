import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor, type Expression, type ParseResult } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

interface Import {
  /** The importing file, relative to src. */
  readonly from: string;
  /** The imported file, relative to src, or the name of a package. */
  readonly to: string;
  readonly isLocal: boolean;
  /** Whether nothing of it is left when the code runs. */
  readonly isType: boolean;
}

/** What it imports are modules of the operator. */
const LOADS_MODULES = 'cli/load-module.ts';

/** A parsed file. To make objects of its program takes most of the time, so it is done only where a text calls for it. */
interface Source {
  readonly text: string;
  readonly parsed: ParseResult;
}

/** A text with this may hold imports that only its program tells: calls, types of the form `import('x').Y`, bare exports. */
const IN_PROGRAM = /\bimport\s*[(/]|\bexport\s*\{\s*\}/;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.tsx?$/.test(file));
const sources = new Map(files.map((file) => [file, parse(readFileSync(join(SRC, file), 'utf8'), file)]));
const imports = [...sources].flatMap(([file, source]) => importsOf(file, source));
const runtimeImports = imports.filter(({ isType }) => !isType);

function parse(text: string, file = 'x.ts'): Source {
  const parsed = parseSync(file, text);
  for (const { message } of parsed.errors) throw new Error(`${file}: ${message}`);
  return { text, parsed };
}

function importsOf(from: string, { text, parsed }: Source): Import[] {
  const links: Import[] = [];
  for (const { moduleRequest, entries } of parsed.module.staticImports) {
    links.push(toImport(from, moduleRequest.value, areTypes(entries)));
  }
  for (const { entries } of parsed.module.staticExports) {
    const specifier = entries[0]?.moduleRequest?.value;
    if (specifier !== undefined) links.push(toImport(from, specifier, areTypes(entries)));
  }
  if (!IN_PROGRAM.test(text)) return links;
  const visitor = new Visitor({
    ImportExpression({ source }) {
      if (from !== LOADS_MODULES) links.push(toImport(from, textOf(source), false));
    },
    TSImportType({ source }) {
      links.push(toImport(from, source.value, true));
    },
    ExportNamedDeclaration({ source, specifiers }) {
      if (source !== null && specifiers.length === 0) links.push(toImport(from, source.value, false));
    },
  });
  visitor.visit(parsed.program);
  return links;
}

function textOf(node: Expression): string {
  if (node.type !== 'Literal' || typeof node.value !== 'string') throw new Error('An import that is no plain string');
  return node.value;
}

/** Whether names are taken, and each is that of a type. */
function areTypes(names: readonly { readonly isType: boolean }[]): boolean {
  return names.length > 0 && names.every(({ isType }) => isType);
}

/** Whether code reads `object.property`, for any property where none is named. */
function reads({ text, parsed }: Source, object: string, properties?: readonly string[]): boolean {
  if (!text.includes(object)) return false;
  let found = false;
  const visitor = new Visitor({
    MemberExpression(node) {
      if (node.object.type !== 'Identifier' || node.object.name !== object) return;
      found ||= properties === undefined || node.computed || properties.includes(node.property.name);
    },
  });
  visitor.visit(parsed.program);
  return found;
}

function toImport(from: string, specifier: string, isType: boolean): Import {
  if (!specifier.startsWith('.')) {
    const parts = specifier.split('/');
    const name = specifier.startsWith('@')
      ? parts.slice(0, 2).join('/')
      : specifier.startsWith('node:')
        ? specifier
        : (parts[0] ?? '');
    return { from, to: name, isLocal: false, isType };
  }
  const to = normalize(join(dirname(from), specifier))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts');
  return { from, to: files.includes(`${to}x`) ? `${to}x` : to, isLocal: true, isType };
}

/** The folder of a file, or the file itself where it lies on top. */
function part(file: string): string {
  return file.split('/')[0] ?? file;
}

/** The engine, floor by floor. A folder imports from floors below its own, and from no other folder of its floor. */
const ENGINE: readonly (readonly string[])[] = [
  ['protocol'],
  ['runtime'],
  ['connection', 'log'],
  ['tool', 'permission'],
  ['store'],
  ['run'],
  ['reading', 'agent'],
  ['room'],
  ['message'],
];
/** What connects the engine with the world, each with the highest folder of the engine that it knows. */
const DRIVERS: Readonly<Record<string, string>> = {
  transport: 'connection',
  encryption: 'connection',
  http: 'store',
  tools: 'tool',
  auth: 'connection',
  stores: 'store',
  queues: 'store',
  providers: 'agent',
  telemetry: 'message',
};
/** What puts all of it together, and what is made with it. */
const DOORS = [
  'server.ts',
  'options.ts',
  'shutdown.ts',
  'cluster-view.ts',
  'membership.ts',
  'cluster-view.ts',
  'version.ts',
  'index.ts',
  'cli',
  'testing',
  'client',
  'web',
];

const engineFloor = new Map(ENGINE.flatMap((parts, floor) => parts.map((name) => [name, floor] as const)));

/** Whether code of one folder may know another. */
function mayKnow(from: string, to: string): boolean {
  if (from === to || DOORS.includes(from)) return true;
  const target = engineFloor.get(to);
  if (target === undefined) return false;
  const known = DRIVERS[from];
  if (known !== undefined) return target <= (engineFloor.get(known) ?? -1);
  return target < (engineFloor.get(from) ?? -1);
}

/** The whole of the floor that code of a page may use: types, codes and versions, without zod. */
const PAGE_MAY_IMPORT = [
  'protocol/close-codes.ts',
  'protocol/documented-close-codes.ts',
  'protocol/error-codes.ts',
  'protocol/version.ts',
  'protocol/encryption.ts',
  'protocol/page.ts',
  'protocol/nearest.ts',
  'runtime/unknown-option.ts',
];

/** The packages that are bundled into the test page and its documentation. */
const PAGE_IS_MADE_WITH = ['preact', 'marked', 'highlight.js', 'lowlight'];

function show(list: readonly Import[]): string[] {
  return list.map(({ from, to, isType }) => `${from} -> ${to}${isType ? ' (type)' : ''}`);
}

describe('the walk itself', () => {
  it('finds the files and their imports', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(show(imports)).toEqual(
      expect.arrayContaining([
        'server.ts -> options.ts',
        'server.ts -> node:http (type)',
        'transport/handshakes.ts -> connection/connection-manager.ts (type)',
        'transport/ws-socket.ts -> ws',
      ]),
    );
    // Every local import leads to a file, so none is overlooked by a wrong guess of its name.
    const known = new Set(files);
    expect(show(imports.filter(({ to, isLocal }) => isLocal && to.endsWith('.ts') && !known.has(to)))).toEqual([]);
  });

  it.each([
    ["import { a } from './a.js';", 'x/a.ts', false],
    ["import {\n  type A,\n  type B,\n} from './a.js';", 'x/a.ts', true],
    ["import { type A, b } from './a.js';", 'x/a.ts', false],
    ["import type { A } from '../a.js';", 'a.ts', true],
    ["export { a } from './a.js';", 'x/a.ts', false],
    ["export * from './a.js';", 'x/a.ts', false],
    ["export type { A } from './a.js';", 'x/a.ts', true],
    ["export { type A } from './a.js';", 'x/a.ts', true],
    ["export {} from './a.js';", 'x/a.ts', false],
    ["import './a.js';", 'x/a.ts', false],
    ["import OpenAI, { type A } from 'openai/index.js';", 'openai', false],
    ["const a = await import('./a.js');", 'x/a.ts', false],
    ["type A = import('./a.js').A;", 'x/a.ts', true],
  ])('reads %s', (source, to, isType) => {
    expect(importsOf('x/y.ts', parse(source))).toMatchObject([{ to, isType }]);
  });

  it('reads no comments and no code in strings', () => {
    const source = "// import { a } from './a.js';\nconst a = `\nimport { b } from './b.js';\nconsole.log(1)`;";
    expect(importsOf('x/y.ts', parse(source))).toEqual([]);
    expect(reads(parse(source), 'console')).toBe(false);
  });

  it('sees what code reads', () => {
    expect(reads(parse('const a = `${process.env.A}`;'), 'process', ['env'])).toBe(true);
    expect(reads(parse("process['env']"), 'process', ['env'])).toBe(true);
    expect(reads(parse('process.memoryUsage()'), 'process', ['env'])).toBe(false);
  });
});

describe('floors', () => {
  it('has a place for every file, and files for every place', () => {
    const parts = new Set(files.map(part));
    const places = new Set([...engineFloor.keys(), ...Object.keys(DRIVERS), ...DOORS]);
    expect([...parts].filter((name) => !places.has(name))).toEqual([]);
    expect([...places].filter((name) => !parts.has(name))).toEqual([]);
  });

  it('is drawn in ARCHITECTURE.md', () => {
    const drawing = readFileSync(join(SRC, '../ARCHITECTURE.md'), 'utf8');
    const folders = [...new Set(files.map(part))].filter((name) => !name.endsWith('.ts'));
    expect(folders.filter((name) => !drawing.includes(`| \`${name}/\` |`))).toEqual([]);
  });

  it('holds files that are read in one sitting', () => {
    const long = files.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });

  it('imports only downward, types included', () => {
    const upward = imports.filter(({ from, to, isLocal }) => {
      return isLocal && to !== '../package.json' && !mayKnow(part(from), part(to));
    });
    expect(show(upward)).toEqual([]);
  });

  it('keeps runs from knowing connections', () => {
    const known = imports.filter(({ from, to }) => part(from) === 'run' && part(to) === 'connection');
    expect([...new Set(known.map(({ to }) => to))]).toEqual(['connection/principal.ts']);
  });

  it('keeps providers from knowing each other', () => {
    const providerOf = (file: string) => /^providers\/([^/.]+)/.exec(file)?.[1];
    const providers = imports.filter(
      ({ from, to }) =>
        providerOf(from) !== undefined && providerOf(to) !== undefined && providerOf(from) !== providerOf(to),
    );
    expect(show(providers)).toEqual([]);
  });

  it('keeps the doors apart: nothing but doors opens a door', () => {
    // The library does not know its command line, its pages or its test kit.
    const doors = ['cli', 'testing', 'web', 'client', 'index.ts'];
    // The page is made with the client, as pages of users are.
    const mayOpen = (from: string, to: string) =>
      part(from) === part(to) || part(from) === 'cli' || (part(from) === 'web' && part(to) === 'client');
    const opened = imports.filter(({ from, to, isLocal }) => isLocal && doors.includes(part(to)) && !mayOpen(from, to));
    expect(show(opened)).toEqual([]);
  });

  it('gives code of pages the part of the protocol that holds no zod', () => {
    const heavy = runtimeImports.filter(({ from, to, isLocal }) => {
      const isPage = part(from) === 'web' || part(from) === 'client';
      const isUsed = part(from) === 'web' && (part(to) === 'client' || PAGE_IS_MADE_WITH.includes(to));
      const isOwn = (isLocal && part(to) === part(from)) || isForNode({ from, to }) || isUsed;
      return isPage && !isOwn && !PAGE_MAY_IMPORT.includes(to) && !(to === 'react' && isReact(from));
    });
    expect(show(heavy)).toEqual([]);
    const light = runtimeImports.filter(({ from, isLocal }) => PAGE_MAY_IMPORT.includes(from) && !isLocal);
    expect(show(light)).toEqual([]);
  });

  it('shows the help of the command without loading what it starts', () => {
    const seen = new Set(['cli/program.ts']);
    const packages = new Set<string>();
    for (const file of seen) {
      for (const { to, isLocal } of runtimeImports.filter(({ from }) => from === file))
        (isLocal ? seen : packages).add(to);
    }
    expect(seen.size).toBeGreaterThan(20);
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual(['commander']);
    expect([...seen]).not.toContain('server.ts');
  });

  it('runs in no circle', () => {
    expect(circles(imports)).toEqual([]);
  });

  it('would find a circle', () => {
    const link = (from: string, to: string) => ({ from, to, isLocal: true, isType: false });
    expect(circles([link('a', 'b'), link('b', 'c'), link('c', 'a'), link('c', 'd')])).toEqual(['a -> b -> c -> a']);
  });
});

/** In Node the client takes the WebSocket of `ws`; bundles for browsers have nothing in its place. */
function isForNode({ from, to }: Pick<Import, 'from' | 'to'>): boolean {
  return from === 'client/default-web-socket.ts' && to === 'ws';
}

/** Whether a file belongs to the entry that needs React; the client itself must not. */
function isReact(file: string): boolean {
  return /^client\/react(?:\.ts|-)/.test(file);
}

/** Every circle met on the way through the imports, once. */
function circles(links: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, isLocal } of links) if (isLocal) next.set(from, [...(next.get(from) ?? []), to]);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}

describe('third parties', () => {
  /** Where each package may be imported; a package that is not here has no place. */
  const PLACES: Readonly<Record<string, RegExp>> = {
    ws: /^(transport\/ws-(?:acceptor|socket)\.ts|testing\/|cli\/chat-connection\.ts|client\/default-web-socket\.ts)/,
    openai: /^providers\/openai[./]/,
    undici: /^providers\/openai[./]/,
    'expr-eval': /^tools\//,
    commander: /^cli\//,
    pino: /^cli\//,
    react: /^client\/react[.-]/,
    '@photostructure/sqlite': /^stores\/sqlite\//,
    '@redis/client': /^(stores\/redis\/redis-client|queues\/bullmq\/connection)\.ts/,
    bullmq: /^queues\/bullmq[./]/,
    eventemitter3: /^runtime\//,
    'prom-client': /^(telemetry|cli)\//,
    '@opentelemetry/api': /^telemetry\/tracing\.ts/,
    preact: /^web\//,
    marked: /^web\/markdown\//,
    'highlight.js': /^web\/markdown\//,
    lowlight: /^web\/markdown\//,
    jose: /^auth\/jwt/,
    zod: /^(protocol|http|tools|cli)\//,
  };

  it('stay in their place', () => {
    const packages = imports.filter(({ to, isLocal }) => !isLocal && !to.startsWith('node:'));
    expect(show(packages.filter(({ from, to }) => PLACES[to]?.test(from) !== true))).toEqual([]);
    // Each of them is used, or its row is stale.
    expect(Object.keys(PLACES).filter((name) => !packages.some(({ to }) => to === name))).toEqual([]);
  });

  it('come one to a file', () => {
    const drivers = new Set(Object.keys(DRIVERS));
    const perFile = new Map<string, Set<string>>();
    for (const { from, to, isLocal } of runtimeImports) {
      if (isLocal || to.startsWith('node:') || to === 'zod' || !drivers.has(part(from))) continue;
      perFile.set(from, (perFile.get(from) ?? new Set()).add(to));
    }
    expect([...perFile].filter(([, packages]) => packages.size > 1).map(([file]) => file)).toEqual([]);
  });
});

describe('Node', () => {
  it('names its modules by node:', () => {
    expect(
      show(
        imports.filter(({ to, isLocal }) => !isLocal && /^(fs|http|https|net|path|crypto|events|url|stream)$/.test(to)),
      ),
    ).toEqual([]);
  });

  it('is not known to the language and to pages, and its network not to the engine', () => {
    const forbidden = imports.filter(({ from, to }) => {
      if (!to.startsWith('node:')) return false;
      if (['protocol', 'runtime', 'web', 'client'].includes(part(from))) return true;
      return engineFloor.has(part(from)) && !['node:crypto', 'node:events'].includes(to);
    });
    expect(show(forbidden)).toEqual([]);
  });

  it.each<[string, string, string[], string[]?]>([
    // `proxy: 'environment'` of a provider asks for it.
    ['environment', 'process', ['env', 'argv'], ['providers/openai/agent.ts']],
    ['signals and events of the process', 'process', ['on', 'once', 'addListener', 'prependListener', 'off']],
    ['exit', 'process', ['exit', 'exitCode', 'abort', 'kill']],
    ['working directory', 'process', ['cwd', 'chdir']],
    ['output', 'process', ['stdin', 'stdout', 'stderr', 'emitWarning']],
  ])('lets only the command line touch the %s', (_what, object, properties, exceptions = []) => {
    expect(
      [...sources]
        .filter(([file, source]) => part(file) !== 'cli' && reads(source, object, properties))
        .map(([file]) => file),
    ).toEqual(exceptions);
  });

  it('lets only the command line, the page and the logger of last resort write to the console', () => {
    const writing = [...sources].filter(
      ([file, source]) => !['cli', 'web'].includes(part(file)) && reads(source, 'console'),
    );
    expect(writing.map(([file]) => file)).toEqual(['runtime/console-logger.ts']);
  });
});
