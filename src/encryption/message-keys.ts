import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readPublicKey, thumbprintInput, type PublicKey } from '../protocol/encryption.js';

/** A long-term key of the server. */
export interface MessageKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  /** What clients pin (RFC 7638, with SHA-256). */
  readonly thumbprint: string;
}

/** A published key, as a JWK. */
type PublishedKey = PublicKey & { readonly kid: string; readonly use: 'enc' };

type PrivateKeys = readonly [KeyObject, ...KeyObject[]];

/** The long-term keys of the server; the first one is published. */
export class MessageKeys {
  #keys: readonly [MessageKey, ...MessageKey[]];
  #published: PublishedKey;

  constructor(keys: PrivateKeys) {
    this.#keys = messageKeysOf(keys);
    this.#published = publish(this.#keys);
  }

  /** The published key as a JWK, with its thumbprint as `kid`: the same object until the keys are replaced. */
  get published(): PublishedKey {
    return this.#published;
  }

  /** Uses other keys for connections from now on. */
  replace(keys: PrivateKeys): void {
    this.#keys = messageKeysOf(keys);
    this.#published = publish(this.#keys);
  }

  /** The first key that the client has pinned. */
  pinned(pins: readonly string[]): MessageKey | undefined {
    return this.#keys.find(({ thumbprint }) => pins.includes(thumbprint));
  }
}

function messageKeysOf([first, ...others]: PrivateKeys): readonly [MessageKey, ...MessageKey[]] {
  return [messageKeyOf(first), ...others.map(messageKeyOf)];
}

function publish([{ publicKey, thumbprint }]: readonly [MessageKey, ...MessageKey[]]): PublishedKey {
  return { ...publicKey, kid: thumbprint, use: 'enc' };
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
