import type { SqlValue } from './driver.js';

/** What UTF-8 cannot hold, and what ends a text in SQLite: half characters and NUL. */
const UNSAFE = /[\0\ud800-\udfff]/u;

/** A string as SQLite keeps it: as text, or as its UTF-16 where text would lose something. Equal strings stay equal. */
export function toSql(text: string): string | Uint8Array {
  return UNSAFE.test(text) ? Buffer.from(text, 'utf16le') : text;
}

/** The same where there may be nothing. */
export function toSqlOptional(text: string | undefined): string | Uint8Array | null {
  return text === undefined ? null : toSql(text);
}

/** The string that {@link toSql} was given. */
export function fromSql(value: SqlValue | undefined): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf16le');
  throw new TypeError(`The database holds ${String(value)} where a text belongs`);
}

/** The same where there may be nothing. */
export function fromSqlOptional(value: SqlValue | undefined): string | undefined {
  return value === null ? undefined : fromSql(value);
}
