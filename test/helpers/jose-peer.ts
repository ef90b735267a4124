import { createHash, diffieHellman, hkdfSync, type KeyObject, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, CompactEncrypt, compactDecrypt, decodeProtectedHeader, type JWK } from 'jose';

/**
 * The client's side of an encrypted connection, written after PROTOCOL.md alone: `jose` makes and reads the messages, and
 * nothing of the sources is used.
 */
export class JosePeer {
  readonly pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly #keys = { c: [] as Buffer[], s: [] as Buffer[] };
  readonly #secrets: { c?: Buffer; s?: Buffer } = {};
  readonly #counters = { c: 0, s: 0 };
  /** The key that the next message of this side uses. */
  epoch = 0;
  offer = '';

  constructor(pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })) {
    this.pair = pair;
  }

  /** The first frame. */
  hello(pins: readonly string[], more: object = {}): string {
    const { kty, crv, x, y } = this.pair.publicKey.export({ format: 'jwk' });
    this.offer = JSON.stringify({ type: 'client_key', pins, epk: { kty, crv, x, y }, ...more });
    return this.offer;
  }

  /** Reads the answer to the first frame. Returns the thumbprint of the server's key. */
  async agree(answer: string): Promise<string> {
    const { type, key, epk } = JSON.parse(answer) as { type: string; key: JWK; epk: JWK };
    if (type !== 'server_key') throw new Error(`Not a key: ${answer}`);
    const { privateKey } = this.pair;
    const shared = [key, epk].map((jwk) =>
      diffieHellman({ privateKey, publicKey: createPublicKey({ key: { ...jwk }, format: 'jwk' }) }),
    );
    const hash = (data: string | Buffer) => createHash('sha256').update(data).digest();
    const salt = hash(Buffer.concat([hash(this.offer), hash(answer)]));
    [this.#secrets.c, this.#secrets.s] = split(Buffer.concat(shared), salt);
    return calculateJwkThumbprint(key);
  }

  /** Encrypts a message of the client. */
  async seal(
    text: string | Uint8Array,
    { sender = 'c', counter }: { readonly sender?: 'c' | 's'; readonly counter?: number } = {},
  ): Promise<string> {
    const jwe = new CompactEncrypt(Buffer.from(text as string));
    jwe.setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: `${sender}${this.epoch}` });
    setVector(jwe, vector(counter ?? this.#counters[sender]++));
    return jwe.encrypt(this.key(sender, this.epoch));
  }

  /** Decrypts a message of the server. Fails if it is not the next one. */
  async open(frame: string, sender: 'c' | 's' = 's'): Promise<string> {
    const { kid = '' } = decodeProtectedHeader(frame);
    const counter = this.#counters[sender]++;
    if (frame.split('.')[2] !== Buffer.from(vector(counter)).toString('base64url')) throw new Error('Not the next one');
    if (kid[0] !== sender) throw new Error(`A key of the other side: ${kid}`);
    const { plaintext } = await compactDecrypt(frame, this.key(sender, Number(kid.slice(1))));
    return Buffer.from(plaintext).toString();
  }

  /** The key of one direction and epoch. */
  key(sender: 'c' | 's', epoch: number): Buffer {
    const keys = this.#keys[sender];
    while (keys.length <= epoch) {
      const secret = this.#secrets[sender];
      if (secret === undefined) throw new Error('There are no keys yet');
      const [key, next] = split(secret, Buffer.alloc(0));
      keys.push(key);
      this.#secrets[sender] = next;
    }
    return keys[epoch] as Buffer;
  }
}

/** Deprecated in `jose`, since a vector that is chosen must never be chosen twice: the counter never is. */
function setVector(jwe: { setInitializationVector(vector: Uint8Array): unknown }, vector: Uint8Array): void {
  jwe.setInitializationVector(vector);
}

function split(secret: Buffer, salt: Buffer): [Buffer, Buffer] {
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, 'agent-ws.v1+jwe', 64));
  return [bytes.subarray(0, 32), bytes.subarray(32)];
}

function vector(counter: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(counter), 4);
  return bytes;
}
