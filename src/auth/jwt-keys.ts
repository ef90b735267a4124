import { createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { OptionError, secretError } from '../runtime/option-error.js';
import { KEY_ALGORITHMS, SECRET_ALGORITHMS, type JwtAuthOptions } from './jwt-options.js';

/** The algorithm of each kind of public key (RFC 7518, section 3.1; RFC 8037, section 3.1). */
const BY_CURVE: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** The key that verifies tokens, and the algorithms for which it may be used. */
export interface PinnedKey {
  readonly key: KeyObject;
  readonly algorithms: readonly string[];
}

/** @throws OptionError if the secret is too short for its algorithms, or is a public key, which everybody knows */
export function secretKey(secret: string | Uint8Array, algorithms: readonly string[] = ['HS256']): PinnedKey {
  const bytes = Buffer.from(typeof secret === 'string' ? new TextEncoder().encode(secret) : secret);
  if (bytes.includes('-----BEGIN')) {
    throw new OptionError('secret', 'Option "secret" is a key in PEM format; a public key belongs in "publicKey"');
  }
  checkKind(algorithms, SECRET_ALGORITHMS);
  const least = Math.max(...algorithms.map((name) => Number(name.slice(2)) / 8));
  if (bytes.length < least) throw secretError('secret', `at least ${least} bytes long`, `${bytes.length} bytes`);
  return { key: createSecretKey(bytes), algorithms };
}

/** @throws OptionError if the key cannot be read, or cannot be used for the algorithms */
export function publicKey(given: NonNullable<JwtAuthOptions['publicKey']>, algorithms?: readonly string[]): PinnedKey {
  const key = readKey(given);
  const own = algorithmOf(key);
  if (own === undefined) throw secretError('publicKey', 'a key of RSA, of a NIST curve or of Ed25519', 'another key');
  if (algorithms !== undefined) checkKind(algorithms, KEY_ALGORITHMS);
  return { key, algorithms: algorithms ?? [own] };
}

/** @throws OptionError if an algorithm is for secrets: whoever knows the public key could sign with it */
export function keySetAlgorithms(algorithms: readonly string[] = ['RS256', 'ES256', 'EdDSA']): readonly string[] {
  checkKind(algorithms, KEY_ALGORITHMS);
  return algorithms;
}

function checkKind(algorithms: readonly string[], kind: readonly string[]): void {
  const other = algorithms.find((name) => !kind.includes(name));
  if (other !== undefined) throw new OptionError('algorithms', `of ${kind.join(', ')} with this key`, other);
}

function readKey(given: NonNullable<JwtAuthOptions['publicKey']>): KeyObject {
  try {
    if (typeof given === 'string') return createPublicKey(given);
    if (given instanceof KeyObject) return given.type === 'public' ? given : createPublicKey(given);
    return createPublicKey({ key: given, format: 'jwk' });
  } catch {
    throw new OptionError('publicKey', 'Option "publicKey" must be a public key: PEM, a JWK or a KeyObject');
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'rsa-pss') return 'PS256';
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  return asymmetricKeyType === 'ec' ? BY_CURVE[asymmetricKeyDetails?.namedCurve ?? ''] : undefined;
}
