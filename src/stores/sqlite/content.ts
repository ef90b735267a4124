import { keyIdIn, type Encryption } from '../encryption.js';
import type { SqlValue } from './driver.js';
import { fromSql, toSql } from './sql-text.js';

/** Bits of the first byte of an encrypted text. */
const UTF16 = 1;
const PADDED = 2;

/**
 * How content is written: texts and bytes that people and models made. An encrypted text is a blob of odd length, by
 * which it differs from a text in UTF-16, whose length is even.
 */
export interface Content {
  /** Id of the key that encrypts; absent if nothing is encrypted. */
  readonly keyId?: string;
  sealText(text: string, table: string, group: number, field: string | number): SqlValue;
  openText(value: SqlValue | undefined, table: string, group: number, field: string | number): string;
  sealBytes(bytes: Uint8Array, table: string, group: number, field: string | number): Uint8Array;
  openBytes(value: Uint8Array, table: string, group: number, field: string | number): Uint8Array;
}

/** Content as it is. */
export const PLAIN: Content = {
  sealText: toSql,
  openText: fromSql,
  sealBytes: (bytes) => bytes,
  openBytes: (bytes) => bytes,
};

/** The id of the key of a stored text; `undefined` if the text is not encrypted. */
export function keyOfText(value: SqlValue | undefined): string | undefined {
  return value instanceof Uint8Array && value.length % 2 === 1 ? keyIdIn(value) : undefined;
}

/** Content encrypted with the first of several keys. Content that is not encrypted yet can be read. */
export class EncryptedContent implements Content {
  readonly #encryption: Encryption;

  constructor(encryption: Encryption) {
    this.#encryption = encryption;
  }

  get keyId(): string {
    return this.#encryption.first;
  }

  sealText(text: string, table: string, group: number, field: string | number): Uint8Array {
    const kind = /\p{Surrogate}/u.test(text) ? UTF16 : 0;
    const bytes = kind === UTF16 ? Buffer.from(text, 'utf16le') : Buffer.from(text);
    // Head, nonce and tag have 33 bytes, so what they surround has an even length.
    const head = bytes.length % 2 === 1 ? Buffer.of(kind) : Buffer.of(kind | PADDED, 0);
    return this.#encryption.seal(Buffer.concat([head, bytes]), { table, group, field });
  }

  openText(value: SqlValue | undefined, table: string, group: number, field: string | number): string {
    if (!(value instanceof Uint8Array) || value.length % 2 === 0) return fromSql(value);
    const bytes = this.#encryption.open(value, { table, group, field });
    const kind = bytes[0] ?? 0;
    return bytes.toString((kind & UTF16) === 0 ? 'utf8' : 'utf16le', (kind & PADDED) === 0 ? 1 : 2);
  }

  sealBytes(bytes: Uint8Array, table: string, group: number, field: string | number): Uint8Array {
    return this.#encryption.seal(bytes, { table, group, field });
  }

  openBytes(value: Uint8Array, table: string, group: number, field: string | number): Uint8Array {
    return this.#encryption.open(value, { table, group, field });
  }
}
