/**
 * What both sides of an encrypted connection share: the section "Encrypted messages" of PROTOCOL.md. Code of pages uses
 * it, so there is no zod here.
 */

/** A public key on the curve P-256 as a JWK (RFC 7518, section 6.2.1). */
export interface PublicKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  /** The coordinates: 32 bytes each, in base64url. */
  readonly x: string;
  readonly y: string;
}

/** The first frame of a client. */
export interface ClientKey {
  readonly type: 'client_key';
  /** Thumbprints of the keys that the client has pinned. */
  readonly pins: readonly string[];
  /** The key of the client for this connection only. */
  readonly epk: PublicKey;
}

/** The first frame of a server. */
export interface ServerKey {
  readonly type: 'server_key';
  /** The long-term key of the server: its thumbprint is one of the pins. */
  readonly key: PublicKey;
  /** The key of the server for this connection only. */
  readonly epk: PublicKey;
}

/** Who sends: each direction has its own keys, so that no message can be sent back to its sender. */
export type Sender = 'c' | 's';

/** Maximum length of the frames that agree on keys, in UTF-16 units. */
export const MAX_KEY_FRAME = 4_096;

/** Maximum number of pins in one `client_key`. */
export const MAX_PINS = 8;

/** The `info` of every key derivation (RFC 5869). */
export const KEY_INFO = 'agent-ws.v1+jwe';

/** Bits of one key derivation: two secrets of 32 bytes. */
export const DERIVED_BITS = 512;

/** Bytes by which an encrypted message is longer than a third more than its text: header, counter, tag and dots. */
export const JWE_EXTRA_BYTES = 256;

/** The protected header of a message; `epoch` counts the keys of its direction. */
export function jweHeader(sender: Sender, epoch: number): string {
  return `{"alg":"dir","enc":"A256GCM","kid":"${sender}${epoch}"}`;
}

/** Writes the initialization vector of a message: how many messages went before it in its direction. */
export function writeCounter(vector: DataView, counter: number): void {
  vector.setUint32(4, Math.floor(counter / 2 ** 32));
  vector.setUint32(8, counter % 2 ** 32);
}

/** Decides when a sender changes to its next key. */
export class KeyUse {
  readonly #limits: KeyLimits;
  #messages = 0;
  #bytes = 0;
  #since = performance.now();

  constructor(limits: KeyLimits = KEY_LIMITS) {
    this.#limits = limits;
  }

  /** Counts a message. Returns whether it needs the next key. */
  count(bytes: number): boolean {
    const { messages, bytes: most, ms } = this.#limits;
    const isWornOut = this.#messages >= messages || this.#bytes >= most || performance.now() - this.#since >= ms;
    if (isWornOut) {
      this.#messages = this.#bytes = 0;
      this.#since = performance.now();
    }
    this.#messages++;
    this.#bytes += bytes;
    return isWornOut;
  }
}

/** After what a key is not used any more. */
export interface KeyLimits {
  readonly messages: number;
  readonly bytes: number;
  readonly ms: number;
}

/** Far below what AES-GCM allows (NIST SP 800-38D, section 8.3). */
const KEY_LIMITS: KeyLimits = { messages: 1_048_576, bytes: 1_073_741_824, ms: 3_600_000 };

/** Reads a public key; `undefined` if it is none. Members that do not belong to the key are left out. */
export function readPublicKey(value: unknown): PublicKey | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kty, crv, x, y } = value as Readonly<Record<string, unknown>>;
  return kty === 'EC' && crv === 'P-256' && isDigest(x) && isDigest(y) ? { kty, crv, x, y } : undefined;
}

/** What is hashed for the thumbprint of a key (RFC 7638, section 3). */
export function thumbprintInput({ kty, crv, x, y }: PublicKey): string {
  return JSON.stringify({ crv, kty, x, y });
}

/** Whether a value is 32 bytes in base64url, as thumbprints and coordinates are. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(value);
}
