import { readFileSync, statSync } from 'node:fs';
import { KEY_BYTES } from './encryption.js';

/** Keys of a file. */
export interface StoreKeys {
  /** The keys, in the order of the file. */
  readonly keys: readonly Uint8Array[];
  /** Whether others than the owner of the file can read it. */
  readonly isReadableByOthers: boolean;
}

/**
 * Reads keys for `createSqliteStore({ keys })`: one key of 32 bytes in each line, in base64 or hexadecimal. Empty lines
 * and lines that begin with `#` do not count. `openssl rand -base64 32` makes a key.
 * @throws an `Error` that names the file and the line, and never what is in it.
 */
export function readStoreKeys(path: string): StoreKeys {
  const keys: Uint8Array[] = [];
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const key = decode(text);
    if (key === undefined) {
      throw new Error(`Line ${index + 1} of ${path} is not a key of ${KEY_BYTES} bytes in base64 or hexadecimal`);
    }
    keys.push(key);
  }
  if (keys.length === 0) throw new Error(`${path} has no key`);
  return { keys, isReadableByOthers: (statSync(path).mode & 0o077) !== 0 };
}

function decode(text: string): Uint8Array | undefined {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  // 32 bytes: 43 characters, and one to fill up.
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
