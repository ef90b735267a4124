import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { jweHeader, KeyUse, writeCounter, type Sender } from '../protocol/encryption.js';
import { derive } from './key-agreement.js';

const CIPHER = 'aes-256-gcm';
const NO_SALT = Buffer.alloc(0);

/** Length of a tag, in base64url. */
const TAG_LENGTH = 22;

/** The keys of one direction, and where it stands. */
class Direction {
  readonly #sender: Sender;
  #secret: Buffer;
  #epoch = -1;
  #counter = 0;
  readonly #vector = Buffer.alloc(12);
  readonly #view = new DataView(this.#vector.buffer, this.#vector.byteOffset, 12);

  key: KeyObject = createSecretKey(NO_SALT);
  /** The encoded header, which is also the additional data (RFC 7516, section 5.1). */
  header = '';
  additional = NO_SALT;

  constructor(sender: Sender, secret: Buffer) {
    this.#sender = sender;
    this.#secret = secret;
    this.advance();
  }

  /** Changes to the next key. The secrets of the earlier ones cannot be computed from it. */
  advance(): void {
    const [key, next] = derive(this.#secret, NO_SALT);
    this.#secret = next;
    this.key = createSecretKey(key);
    this.header = encoded(jweHeader(this.#sender, ++this.#epoch));
    this.additional = Buffer.from(this.header);
  }

  /** The encoded header of messages under the next key. */
  get nextHeader(): string {
    return encoded(jweHeader(this.#sender, this.#epoch + 1));
  }

  /** The initialization vector of the next message; each one is given once. */
  vector(): Buffer {
    writeCounter(this.#view, this.#counter++);
    return this.#vector;
  }
}

/** Encrypts the messages of the server to one client. */
export class Sealer {
  readonly #direction: Direction;
  readonly #use: KeyUse;

  constructor(secret: Buffer, use = new KeyUse()) {
    this.#direction = new Direction('s', secret);
    this.#use = use;
  }

  /** Encrypts a message as a compact JWE (RFC 7516, section 7.1). */
  seal(text: string | Uint8Array): string {
    const direction = this.#direction;
    if (this.#use.count(text.length)) direction.advance();
    const vector = direction.vector();
    const cipher = createCipheriv(CIPHER, direction.key, vector);
    cipher.setAAD(direction.additional);
    const secret = typeof text === 'string' ? cipher.update(text, 'utf8') : cipher.update(text);
    cipher.final();
    const tag = cipher.getAuthTag().toString('base64url');
    return `${direction.header}..${vector.toString('base64url')}.${secret.toString('base64url')}.${tag}`;
  }
}

/** Decrypts the messages of one client, each of them once and in their order. */
export class Opener {
  readonly #direction: Direction;

  constructor(secret: Buffer) {
    this.#direction = new Direction('c', secret);
  }

  /** Decrypts a message; `undefined` if it is not exactly the next message of the client. */
  open(frame: string): Buffer | undefined {
    const direction = this.#direction;
    if (!frame.startsWith(direction.header)) {
      if (!frame.startsWith(direction.nextHeader)) return undefined;
      direction.advance();
    }
    const vector = direction.vector();
    const start = `${direction.header}..${vector.toString('base64url')}.`;
    const end = frame.length - TAG_LENGTH;
    const rest = frame.slice(start.length);
    if (!frame.startsWith(start) || !WELL_FORMED.test(rest)) return undefined;
    const decipher = createDecipheriv(CIPHER, direction.key, vector);
    decipher.setAAD(direction.additional);
    decipher.setAuthTag(Buffer.from(frame.slice(end), 'base64url'));
    const text = decipher.update(frame.slice(start.length, end - 1), 'base64url');
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return text;
  }
}

/** The encrypted text and its tag. */
const WELL_FORMED = /^[\w-]*\.[\w-]{22}$/;

function encoded(header: string): string {
  return Buffer.from(header).toString('base64url');
}
