import type { JsonWebKeyInput, KeyObject } from 'node:crypto';
import type { Awaitable } from '../runtime/awaitable.js';
import type { OptionTable } from '../runtime/option-table.js';
import { aFunction, delay, must, type Rule } from '../runtime/rule.js';

/** The verified claims of a JWT (RFC 7519, section 4.1). */
export interface JwtClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** In Unix seconds. */
  readonly exp: number;
  readonly [claim: string]: unknown;
}

/** What `jwtAuth` takes: exactly one of `secret`, `publicKey` and `jwksUrl`. Times in milliseconds. */
export interface JwtAuthOptions<Own extends object = object> {
  /**
   * The secret that signs the tokens (HMAC). As many bytes as the hash has: 32 for `HS256` (RFC 7518, section 3.2).
   * @default none
   */
  secret?: string | Uint8Array | undefined;
  /**
   * The public key of who signs the tokens. PEM (`BEGIN PUBLIC KEY` or `BEGIN CERTIFICATE`), a JWK, or a `KeyObject`.
   * @default none
   */
  // `JsonWebKey` itself is exported by some versions of the types of Node only.
  publicKey?: string | JsonWebKeyInput['key'] | KeyObject | undefined;
  /**
   * Address of a JSON Web Key Set (RFC 7517). `https`, or `http` on loopback. The set is read at the first token, and again
   * when it is older than `jwksCacheMs` or a token names an unknown key.
   * @default none
   */
  jwksUrl?: string | URL | undefined;
  /** The issuer that tokens must name (`iss`), or several. */
  issuer: string | readonly string[];
  /** The audience that tokens must name (`aud`), or several. A token for another service is refused. */
  audience: string | readonly string[];
  /**
   * The algorithms that are accepted (RFC 7518, section 3.1). Those of a secret and those of keys cannot be mixed, and
   * `none` is not one.
   * @default `HS256` for a secret, that of the public key, or `RS256`, `ES256` and `EdDSA` for a key set
   */
  algorithms?: readonly string[] | undefined;
  /**
   * By how much the clock of the issuer may differ. In milliseconds: a token is valid that long before `nbf` and after
   * `exp`, also on a live connection.
   * @default 30000
   */
  leewayMs?: number | undefined;
  /**
   * How long the key set may take. In milliseconds; then the connection ends with code 1011, and clients come back.
   * @default 5000
   */
  jwksTimeoutMs?: number | undefined;
  /**
   * How old the key set may become before it is read again. In milliseconds. Meanwhile, and for a day if it cannot be read,
   * the old set is used.
   * @default 600000
   */
  jwksCacheMs?: number | undefined;
  /**
   * The least time between two reads of the key set for unknown keys. In milliseconds.
   * @default 30000
   */
  jwksCooldownMs?: number | undefined;
  /**
   * What your principal has besides `id`, `scopes` and `expiresAt`, or in their place. Called with the claims of each
   * verified token; `null` refuses the token. What it throws is what the hook throws. Without it, `id` is `sub`, `scopes`
   * are those of `scope`, `scopes` or `scp`, and `expiresAt` is `exp` and the leeway. A token without scopes may do nothing;
   * `scopes: undefined` in their place lets it do everything.
   * @default none
   */
  principal?: ((claims: JwtClaims) => Awaitable<Own | null>) | undefined;
}

/** The algorithms of secrets. */
export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'];

/** The algorithms of keys. */
export const KEY_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

const names: Rule = must('a text or a list of texts, none of them empty', (value) => {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.length > 0 && list.every((name) => typeof name === 'string' && name.trim() !== '');
});

const isKey = (value: unknown): boolean => typeof value === 'string' || (typeof value === 'object' && value !== null);

export const JWT_AUTH_OPTIONS = {
  secret: {
    text: 'The secret that signs the tokens (HMAC).',
    rule: must('a text or bytes', (value) => typeof value === 'string' || value instanceof Uint8Array),
    defaultText: 'none',
  },
  publicKey: {
    text: 'The public key of who signs the tokens.',
    rule: must('a public key: PEM, a JWK or a KeyObject', isKey),
    defaultText: 'none',
  },
  jwksUrl: {
    text: 'Address of a JSON Web Key Set (RFC 7517).',
    rule: must('an https address, or an http one on loopback', isKeySetAddress),
    defaultText: 'none',
  },
  issuer: { text: 'The issuer that tokens must name (`iss`), or several.', rule: names, required: true },
  audience: { text: 'The audience that tokens must name (`aud`), or several.', rule: names, required: true },
  algorithms: {
    text: 'The algorithms that are accepted (RFC 7518, section 3.1).',
    rule: must(
      `a list of ${[...SECRET_ALGORITHMS, ...KEY_ALGORITHMS].join(', ')}`,
      (list) =>
        Array.isArray(list) &&
        list.length > 0 &&
        list.every((name: unknown) => [...SECRET_ALGORITHMS, ...KEY_ALGORITHMS].some((known) => known === name)),
    ),
    defaultText: '`HS256` for a secret, that of the public key, or `RS256`, `ES256` and `EdDSA` for a key set',
  },
  leewayMs: { text: 'By how much the clock of the issuer may differ.', rule: delay(0), default: 30_000 },
  jwksTimeoutMs: { text: 'How long the key set may take.', rule: delay(1), default: 5_000 },
  jwksCacheMs: { text: 'How old the key set may become before it is read again.', rule: delay(1), default: 600_000 },
  jwksCooldownMs: {
    text: 'The least time between two reads of the key set for unknown keys.',
    rule: delay(0),
    default: 30_000,
  },
  principal: {
    text: 'What your principal has besides `id`, `scopes` and `expiresAt`, or in their place.',
    rule: aFunction,
    defaultText: 'none',
  },
} as const satisfies OptionTable<JwtAuthOptions>;

/** Whoever can change a key set on its way can sign any token. */
function isKeySetAddress(value: unknown): boolean {
  const text = String(value);
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}
