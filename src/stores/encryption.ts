import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { BoundedMap } from '../runtime/bounded-map.js';

/** Length of a key, in bytes: AES-256. */
export const KEY_BYTES = 32;

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const ID_BYTES = 4;
/** As NIST SP 800-38D, section 5.2.1.1 recommends for GCM. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;

/** Maximum number of derived keys in memory. */
const MAX_DERIVED = 1_000;

/** The place of a value: sealed content that was moved to another place cannot be opened. */
export interface ContentPlace {
  /** Store and table. */
  readonly table: string;
  /** Part of the table with a key of its own: a run or a conversation. */
  readonly group: number;
  /** The value within the group. */
  readonly field: string | number;
}

/** The id of a key: the beginning of its hash, so that it needs no name and a wrong key has another id. */
export function keyIdOf(key: Uint8Array): string {
  return createHash('sha256')
    .update('agent-ws store key')
    .update(key)
    .digest('hex')
    .slice(0, 2 * ID_BYTES);
}

/**
 * Encrypts content with AES-256-GCM. Each run and each conversation has a key of its own, which is derived from the key
 * of the operator by HMAC-SHA-256: a random nonce of 96 bits must not be used for more than 2^32 values of one key
 * (NIST SP 800-38D, section 8.3), which tokens of all runs together reach within weeks.
 */
export class Encryption {
  /** Id of the key that encrypts. */
  readonly first: string;
  /** Ids of all keys. */
  readonly ids: readonly string[];
  readonly #context: string;
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #derived = new BoundedMap<string, Buffer>(MAX_DERIVED);

  /**
   * @param keys - the first encrypts, all decrypt
   * @param context - what the content belongs to: the epoch of a store
   */
  constructor(keys: readonly Uint8Array[], context: string) {
    this.ids = keys.map(keyIdOf);
    this.first = this.ids[0] ?? '';
    this.#context = context;
    this.#keys = new Map(keys.map((key, index) => [this.ids[index] ?? '', key]));
  }

  /** Encrypts content for its place. */
  seal(content: Uint8Array, place: ContentPlace): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#keyFor(this.first, place), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#describe(place));
    const head = Buffer.concat([Buffer.of(VERSION), Buffer.from(this.first, 'hex'), nonce]);
    return Buffer.concat([head, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  }

  /**
   * Decrypts content.
   * @throws if its key is missing, or if it was changed or moved.
   */
  open(sealed: Uint8Array, place: ContentPlace): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
    const end = bytes.length - TAG_BYTES;
    if (end < HEAD_BYTES || bytes[0] !== VERSION) throw broken(place);
    const nonce = bytes.subarray(1 + ID_BYTES, HEAD_BYTES);
    const key = this.#keyFor(keyIdIn(bytes), place);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#describe(place));
    decipher.setAuthTag(bytes.subarray(end));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, end)), decipher.final()]);
    } catch (cause) {
      throw broken(place, cause);
    }
  }

  #keyFor(id: string, { table, group }: ContentPlace): Buffer {
    const name = `${id} ${table} ${group}`;
    let derived = this.#derived.get(name);
    if (derived === undefined) {
      const key = this.#keys.get(id);
      if (key === undefined) throw new Error(`The key ${id} of stored content is missing`);
      derived = createHmac('sha256', key).update(`${this.#context} ${table} ${group}`).digest();
      this.#derived.set(name, derived);
    }
    return derived;
  }

  #describe({ table, group, field }: ContentPlace): Buffer {
    return Buffer.from(`${this.#context} ${table} ${group} ${field}`);
  }
}

/** The id of the key with which content was encrypted. */
export function keyIdIn(sealed: Uint8Array): string {
  return Buffer.from(sealed.subarray(1, 1 + ID_BYTES)).toString('hex');
}

function broken({ table, group, field }: ContentPlace, cause?: unknown): Error {
  return new Error(`Stored content was changed from outside: ${table} ${group} ${field}`, { cause });
}
