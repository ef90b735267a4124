import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError } from './cli-error.js';

/** What {@link loadExport} takes. */
export interface ModuleSource {
  /** Path of the module, ESM or CommonJS, from the working directory. */
  readonly file: string;
  /** Name of the export. If there is none of this name, the default export is taken. */
  readonly name: string;
  /** The flag or variable of the setting: `--tools`. */
  readonly key: string;
  /** The argument of an exported function. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Loads a value that an embedder's module exports. If the module exports a function, its result is taken.
 * @throws CliError if the module cannot be loaded, lacks the export, or its function throws
 */
export async function loadExport(source: ModuleSource): Promise<unknown> {
  const { file, name, environment } = source;
  const path = resolve(file);
  if (!isFile(path)) throw failure(source, 'cannot be loaded: no such file');
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw failure(source, `cannot be loaded: ${reasonOf(error, path)}`, error);
  }
  const value = find(module, name);
  if (value === undefined) {
    const names = Object.keys(module).join(', ');
    throw failure(source, `must export ${name}, by that name or as default; it exports ${names || 'nothing'}`);
  }
  if (typeof value !== 'function') return value;
  try {
    return await (value as (environment: object) => unknown)({ ...environment });
  } catch (error) {
    throw failure(source, `its function failed: ${reasonOf(error, path)}`, error);
  }
}

/** An error of a module: setting, file, reason. */
export function failure({ key, file }: Pick<ModuleSource, 'key' | 'file'>, what: string, cause?: unknown): CliError {
  return new CliError(`${key}: "${file}" ${what}`, { cause });
}

/** Finds the export by name or as default. CommonJS modules have both on their exports object. */
function find(module: Readonly<Record<string, unknown>>, name: string): unknown {
  const whole = module['default'];
  const inner = typeof whole === 'object' && whole !== null ? (whole as Readonly<Record<string, unknown>>) : {};
  return module[name] ?? inner[name] ?? ('__esModule' in inner ? inner['default'] : whole);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return `Node ${process.versions.node} runs .mjs, .cjs and .js files, and .ts from 22.18 on`;
  }
  // The stack has the line, even for a syntax error.
  const [, after = ''] = error.stack?.split(path) ?? [];
  const line = /^[^:\s]*:(\d+)/.exec(after)?.[1];
  return `${error.name}: ${error.message}${line === undefined ? '' : ` (line ${line})`}`;
}
