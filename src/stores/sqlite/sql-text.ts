import type { SqlValue } from './driver.js';

/** What a text in SQLite cannot hold: unpaired surrogates, which UTF-8 lacks, and NUL, which ends the text. */
const UNSAFE = /[\0\ud800-\udfff]/u;

/** Encodes a string for SQLite: as text, or as UTF-16 bytes if text would lose something. Equal strings stay equal. */
export function toSql(text: string): string | Uint8Array {
  return UNSAFE.test(text) ? Buffer.from(text, 'utf16le') : text;
}

/** Like {@link toSql}, with `undefined` as null. */
export function toSqlOptional(text: string | undefined): string | Uint8Array | null {
  return text === undefined ? null : toSql(text);
}

/** Returns the string that {@link toSql} was given. */
export function fromSql(value: SqlValue | undefined): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf16le');
  throw new TypeError(`The database holds ${String(value)} where a text belongs`);
}

/** Like {@link fromSql}, with null as `undefined`. */
export function fromSqlOptional(value: SqlValue | undefined): string | undefined {
  return value === null ? undefined : fromSql(value);
}
