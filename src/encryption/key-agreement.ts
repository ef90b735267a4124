import { createHash, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import {
  DERIVED_BITS,
  isDigest,
  KEY_INFO,
  MAX_KEY_FRAME,
  MAX_PINS,
  readPublicKey,
  type ClientKey,
  type ServerKey,
} from '../protocol/encryption.js';
import { publicKeyOf, type MessageKeys } from './message-keys.js';

/** What the server knows after it has read the first frame of a client. */
export interface Agreement {
  /** The frame to answer with. */
  readonly answer: string;
  /** The first secret of each direction. */
  readonly fromClient: Buffer;
  readonly fromServer: Buffer;
}

/** A key pair for one connection. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Agrees with a client on the secrets of a connection. The long-term key proves who the server is; the pairs made for
 * this connection keep the messages secret if the long-term key becomes known later. This is the pattern NK of the Noise
 * Protocol Framework, without early data.
 * @returns `unknown` if the client has pinned none of the keys, `malformed` if the frame is not valid
 */
export function agree(
  frame: string | Uint8Array,
  keys: MessageKeys,
  pair: KeyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' }),
): Agreement | 'unknown' | 'malformed' {
  const read = readClientKey(frame);
  if (read === undefined) return 'malformed';
  const key = keys.pinned(read.pins);
  if (key === undefined) return 'unknown';
  let publicKey: KeyObject;
  try {
    // Refuses a point that is not on the curve.
    publicKey = createPublicKey({ key: { ...read.epk }, format: 'jwk' });
  } catch {
    return 'malformed';
  }
  const serverKey: ServerKey = { type: 'server_key', key: key.publicKey, epk: publicKeyOf(pair.publicKey) };
  const answer = JSON.stringify(serverKey);
  const shared = Buffer.concat([
    diffieHellman({ privateKey: key.privateKey, publicKey }),
    diffieHellman({ privateKey: pair.privateKey, publicKey }),
  ]);
  const transcript = sha256(Buffer.concat([sha256(frame), sha256(answer)]));
  const [fromClient, fromServer] = derive(shared, transcript);
  return { answer, fromClient, fromServer };
}

/** Derives two secrets of 32 bytes from one (RFC 5869, with SHA-256). */
export function derive(secret: Uint8Array, salt: Uint8Array): [first: Buffer, second: Buffer] {
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, KEY_INFO, DERIVED_BITS / 8));
  return [bytes.subarray(0, 32), bytes.subarray(32)];
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function readClientKey(frame: string | Uint8Array): ClientKey | undefined {
  if (typeof frame !== 'string' || frame.length > MAX_KEY_FRAME) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, pins, epk: given } = value as Readonly<Record<string, unknown>>;
  const epk = readPublicKey(given);
  if (type !== 'client_key' || epk === undefined) return undefined;
  if (!Array.isArray(pins) || pins.length > MAX_PINS || !pins.every(isDigest)) return undefined;
  return { type, pins, epk };
}
