import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import {
  DERIVED_BITS,
  jweHeader,
  KEY_INFO,
  KeyUse,
  readPublicKey,
  thumbprintInput,
  writeCounter,
  type ClientKey,
  type PublicKey,
  type Sender,
} from '../protocol/encryption.js';
import { ENCRYPTED_SUBPROTOCOL, SUBPROTOCOL } from '../protocol/version.js';
import { OPEN, type Close, type WebSocketLike } from './web-socket.js';

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
type Bytes = Uint8Array<ArrayBuffer>;
type Listener = (event: { readonly data: unknown; readonly code: number; readonly reason: string }) => void;

const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;
const CIPHER = 'AES-GCM';
const NOTHING: Bytes = new Uint8Array();
const utf8 = new TextEncoder();

/** Why a message cannot be trusted. */
class Distrust extends Error {
  readonly close: CloseCodeInfo;

  constructor(close: CloseCodeInfo) {
    super(close.reason);
    this.close = close;
  }
}

/**
 * A WebSocket whose messages are encrypted on another one, for a server with one of the pinned keys. To its user it
 * looks like a plain connection.
 */
export class EncryptedWebSocket implements WebSocketLike {
  readonly terminate?: () => void;
  readonly #socket: WebSocketLike;
  readonly #pins: readonly (string | PublicKey)[];
  readonly #listeners = new Map<string, Listener[]>();
  /** Each message waits for the one before it, and so does a close. */
  #incoming: Promise<void> = Promise.resolve();
  #outgoing: Promise<void> = Promise.resolve();
  #thumbprints: readonly string[] = [];
  #pair: { readonly publicKey: Key; readonly privateKey: Key } | undefined;
  #offer = '';
  #received: Direction | undefined;
  #sent: Direction | undefined;
  /** Whether a message of the server was decrypted, which proves that the server holds the key. */
  #isProven = false;
  #isOver = false;

  /**
   * @param socket - offers the subprotocol of encrypted messages, and is not open yet
   * @param pins - thumbprints, or keys whose thumbprints are computed
   * @throws TypeError if the page has no cryptography
   */
  constructor(socket: WebSocketLike, pins: readonly (string | PublicKey)[]) {
    // Browsers offer it to pages of https and of this machine only.
    if ((globalThis as { crypto?: { subtle?: object } }).crypto?.subtle === undefined) {
      socket.close();
      throw new TypeError('Encrypted messages need a page of https');
    }
    this.#socket = socket;
    this.#pins = pins;
    if (socket.terminate !== undefined) this.terminate = () => socket.terminate?.();
    socket.addEventListener('open', () => this.#onward(() => this.#open()));
    socket.addEventListener('message', ({ data }) => this.#onward(() => this.#receive(data)));
    socket.addEventListener('close', ({ code, reason }) => {
      // What arrived before the close is told before it.
      this.#incoming = this.#incoming.then(() => this.#end(this.#meaningOf({ code, reason })));
    });
  }

  get readyState(): number {
    return this.#isOver ? 3 : this.#socket.readyState;
  }

  get protocol(): string {
    return this.#socket.protocol === ENCRYPTED_SUBPROTOCOL ? SUBPROTOCOL : '';
  }

  send(text: string): void {
    this.#outgoing = this.#outgoing.then(async () => {
      const frame = await this.#sent?.seal(text);
      if (frame !== undefined && this.#socket.readyState === OPEN) this.#socket.send(frame);
    });
  }

  close(code?: number, reason?: string): void {
    this.#outgoing = this.#outgoing.then(() => this.#socket.close(code, reason));
  }

  addEventListener(type: string, listener: Listener | (() => void)): void {
    if (type === 'error') this.#socket.addEventListener(type, listener as () => void);
    else this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #onward(next: () => Promise<void>): void {
    this.#incoming = this.#incoming.then(async () => {
      if (this.#isOver) return;
      try {
        await next();
      } catch (error) {
        const { undecryptable, unknownKey } = CLOSE_CODES;
        // Whoever cannot encrypt a first message does not hold the key.
        const close = error instanceof Distrust ? error.close : this.#isProven ? undecryptable : unknownKey;
        this.#socket.close(close.code, close.reason);
        this.#end(close);
      }
    });
  }

  /** Offers a key for this connection. */
  async #open(): Promise<void> {
    if (this.#socket.protocol !== ENCRYPTED_SUBPROTOCOL) throw new Distrust(CLOSE_CODES.encryptionRequired);
    const { subtle } = crypto;
    this.#thumbprints = await Promise.all(
      this.#pins.map(async (pin) => (typeof pin === 'string' ? pin : thumbprint(pin))),
    );
    this.#pair = await subtle.generateKey(CURVE, false, ['deriveBits']);
    const epk = readPublicKey(await subtle.exportKey('jwk', this.#pair.publicKey));
    if (epk === undefined) throw new TypeError('No key was made');
    const offer: ClientKey = { type: 'client_key', pins: this.#thumbprints, epk };
    this.#offer = JSON.stringify(offer);
    this.#socket.send(this.#offer);
  }

  async #receive(data: unknown): Promise<void> {
    if (typeof data !== 'string') throw new Distrust(CLOSE_CODES.undecryptable);
    if (this.#received === undefined) return this.#agree(data);
    const text = await this.#received.open(data);
    this.#isProven = true;
    this.#emit('message', text);
  }

  /** Agrees with the server on the keys of this connection. */
  async #agree(answer: string): Promise<void> {
    const { subtle } = crypto;
    const { key: given, epk: ephemeral } = JSON.parse(answer) as Readonly<Record<string, unknown>>;
    const [key, epk] = [readPublicKey(given), readPublicKey(ephemeral)];
    const pair = this.#pair;
    if (key === undefined || epk === undefined || pair === undefined) throw new Distrust(CLOSE_CODES.undecryptable);
    if (!this.#thumbprints.includes(await thumbprint(key))) throw new Distrust(CLOSE_CODES.unknownKey);
    const agreed = await Promise.all(
      [key, epk].map(async (jwk) => {
        const imported = await subtle.importKey('jwk', jwk, CURVE, false, []);
        return subtle.deriveBits({ name: 'ECDH', public: imported }, pair.privateKey, 256);
      }),
    );
    this.#pair = undefined;
    const transcript = await sha256(joined(await sha256(utf8.encode(this.#offer)), await sha256(utf8.encode(answer))));
    const [sent, received] = await derive(joined(...agreed.map((bits) => new Uint8Array(bits))), transcript);
    this.#sent = new Direction('c', sent);
    this.#received = new Direction('s', received);
    this.#emit('open', undefined);
  }

  /** A server that encrypted nothing and cannot read the first message does not hold the key. */
  #meaningOf(close: Close): Close {
    const { undecryptable, unknownKey } = CLOSE_CODES;
    return close.code === undecryptable.code && !this.#isProven ? unknownKey : close;
  }

  #end({ code, reason }: Close): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#emit('close', undefined, code, reason);
  }

  #emit(type: string, data: unknown, code = 0, reason = ''): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data, code, reason });
  }
}

/** The keys of one direction, and where it stands. Encrypts or decrypts one message at a time. */
class Direction {
  readonly #sender: Sender;
  readonly #use = new KeyUse();
  #secret: Bytes;
  #epoch = -1;
  #counter = 0;
  #key: Key | undefined;

  constructor(sender: Sender, secret: Bytes) {
    this.#sender = sender;
    this.#secret = secret;
  }

  /** Encrypts a message as a compact JWE (RFC 7516, section 7.1). */
  async seal(text: string): Promise<string> {
    const bytes = utf8.encode(text);
    if (this.#use.count(bytes.length) || this.#key === undefined) await this.#advance();
    const { params, start } = this.#next();
    const sealed = new Uint8Array(await crypto.subtle.encrypt(params, this.#key as Key, bytes));
    return `${start}${toBase64(sealed.subarray(0, -16))}.${toBase64(sealed.subarray(-16))}`;
  }

  /**
   * Decrypts a message.
   * @throws Error if it is not exactly the next message
   */
  async open(frame: string): Promise<string> {
    if (this.#key === undefined || !frame.startsWith(this.#header(this.#epoch))) {
      if (!frame.startsWith(this.#header(this.#epoch + 1))) throw new TypeError('No message of this key');
      await this.#advance();
    }
    const { params, start } = this.#next();
    const [secret = '', tag = '', ...more] = frame.slice(start.length).split('.');
    if (!frame.startsWith(start) || more.length > 0) throw new TypeError('Not the next message');
    const sealed = joined(fromBase64(secret), fromBase64(tag));
    const bytes = await crypto.subtle.decrypt(params, this.#key as Key, sealed);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  }

  async #advance(): Promise<void> {
    const [key, next] = await derive(this.#secret, NOTHING);
    this.#secret = next;
    this.#epoch++;
    this.#key = await crypto.subtle.importKey('raw', key, CIPHER, false, ['encrypt', 'decrypt']);
  }

  /** The parameters of the next message, each of which is used once, and what the message begins with. */
  #next() {
    const iv = new Uint8Array(12);
    writeCounter(new DataView(iv.buffer), this.#counter++);
    const header = this.#header(this.#epoch);
    return {
      params: { name: CIPHER, iv, additionalData: utf8.encode(header), tagLength: 128 },
      start: `${header}..${toBase64(iv)}.`,
    };
  }

  #header(epoch: number): string {
    return toBase64(utf8.encode(jweHeader(this.#sender, epoch)));
  }
}

/** Derives two secrets of 32 bytes from one (RFC 5869, with SHA-256). */
async function derive(secret: Bytes, salt: Bytes): Promise<[first: Bytes, second: Bytes]> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const params = { name: 'HKDF', hash: 'SHA-256', salt, info: utf8.encode(KEY_INFO) };
  const bytes = new Uint8Array(await crypto.subtle.deriveBits(params, key, DERIVED_BITS));
  return [bytes.slice(0, 32), bytes.slice(32)];
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

async function thumbprint(key: PublicKey): Promise<string> {
  return toBase64(await sha256(utf8.encode(thumbprintInput(key))));
}

function joined(...parts: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  // More arguments than this overflow the stack of some engines.
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @throws Error if the text is not base64url */
function fromBase64(text: string): Bytes {
  if (!/^[\w-]*$/.test(text)) throw new TypeError('Not base64url');
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
}
