import { statSync } from 'node:fs';
import { dirname } from 'node:path';

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;
/** A text that is too long, a rule of a table, a type, a value that cannot be bound. */
const REFUSALS: readonly unknown[] = [18, 19, 20, 25];

/** Whether another process has the database. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === SQLITE_BUSY;
}

/** Whether the database refuses a value, and would refuse it again: a write that a driver cannot bind has no code. */
export function isRefusal(error: unknown): boolean {
  return error instanceof TypeError || REFUSALS.includes(codeOf(error));
}

/** Turns an error of SQLite into an error that names the file; returns any other error as it is. */
export function explain(error: unknown, path: string): unknown {
  if (codeOf(error) === undefined) return error;
  return new Error(`The database ${path} cannot be opened: ${reasonOf(error, path)}`, { cause: error });
}

/** The primary result code of SQLite. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

function reasonOf(error: unknown, path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return 'it is a directory';
  if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined) return 'its directory does not exist';
  if (codeOf(error) === SQLITE_NOTADB) return 'it is not a SQLite database';
  return error instanceof Error ? error.message : String(error);
}
