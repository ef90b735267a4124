import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readPublicKey, thumbprintInput, type PublicKey } from '../protocol/encryption.js';

/** A long-term key of the server. */
export interface MessageKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  /** What clients pin (RFC 7638, with SHA-256). */
  readonly thumbprint: string;
}

/** The long-term keys of the server; the first one is published. */
export class MessageKeys {
  readonly #keys: readonly MessageKey[];
  /** The published key as a JWK, with its thumbprint as `kid`. */
  readonly published: PublicKey & { readonly kid: string; readonly use: 'enc' };

  constructor([first, ...others]: readonly [KeyObject, ...KeyObject[]]) {
    const published = messageKeyOf(first);
    this.#keys = [published, ...others.map(messageKeyOf)];
    this.published = { ...published.publicKey, kid: published.thumbprint, use: 'enc' };
  }

  /** The first key that the client has pinned. */
  pinned(pins: readonly string[]): MessageKey | undefined {
    return this.#keys.find(({ thumbprint }) => pins.includes(thumbprint));
  }
}

function messageKeyOf(privateKey: KeyObject): MessageKey {
  const publicKey = publicKeyOf(createPublicKey(privateKey));
  return { privateKey, publicKey, thumbprint: thumbprintOf(publicKey) };
}

/** @throws TypeError if the key is not on the curve P-256 */
export function publicKeyOf(key: KeyObject): PublicKey {
  const read = readPublicKey(key.export({ format: 'jwk' }));
  if (read === undefined) throw new TypeError('The key is not on the curve P-256');
  return read;
}

function thumbprintOf(key: PublicKey): string {
  return createHash('sha256').update(thumbprintInput(key)).digest('base64url');
}
