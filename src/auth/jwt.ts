import type { IncomingMessage } from 'node:http';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { isPrincipalId, type Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { OptionError } from '../runtime/option-error.js';
import { checkOptions } from '../runtime/option-table.js';
import { RemoteKeySet } from './jwt-key-set.js';
import { keySetAlgorithms, publicKey, secretKey } from './jwt-keys.js';
import { JWT_AUTH_OPTIONS, type JwtAuthOptions, type JwtClaims } from './jwt-options.js';
import { tokenOf } from './token-of.js';

/** Three parts in Base64url (RFC 7515, section 3.1): whatever else a token is, another hook may know it. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Claims without which a token is refused. */
const REQUIRED = ['iss', 'sub', 'aud', 'exp'];

/**
 * Makes an `authenticate` hook for JSON Web Tokens (RFC 7519), with the checks of RFC 8725: the algorithms, the issuer and
 * the audience are fixed by you and never by the token.
 * @returns a hook that gives `null` if the request has no token, or one that is no JWT. It throws an `AgentSocketError`
 * `unauthorized` for a JWT that is refused, whose sentence says why without a part of the token, and `internal_error`
 * while the key set cannot be read.
 * @throws OptionError if an option is unknown or breaks its rule, or a key does not fit the algorithms
 */
export function jwtAuth<Own extends object = object>(
  options: JwtAuthOptions<Own>,
): (request: IncomingMessage) => Promise<(Principal & Own) | null> {
  const checked = checkOptions(options, JWT_AUTH_OPTIONS);
  const verify = verifierOf(checked);
  const { issuer, audience, leewayMs } = checked;
  const rules: JWTVerifyOptions = {
    issuer: listOf(issuer),
    audience: listOf(audience),
    clockTolerance: leewayMs / 1000,
    requiredClaims: REQUIRED,
  };
  return async (request) => {
    const token = tokenOf(request);
    if (token === undefined || !JWT.test(token)) return null;
    const claims = await claimsOf(verify, token, rules);
    const own = options.principal === undefined ? undefined : await options.principal(claims);
    if (own === null) throw refused('it is not accepted');
    const principal = { id: claims.sub, scopes: scopesOf(claims), expiresAt: claims.exp * 1000 + leewayMs };
    return { ...principal, ...(own as Own) };
  };
}

type Verify = (token: string, rules: JWTVerifyOptions) => Promise<{ payload: JWTPayload }>;

/** @throws OptionError unless there is exactly one kind of key */
function verifierOf(options: ReturnType<typeof checkOptions<JwtAuthOptions, typeof JWT_AUTH_OPTIONS>>): Verify {
  const { secret, publicKey: key, jwksUrl, algorithms } = options;
  if ([secret, key, jwksUrl].filter((given) => given !== undefined).length !== 1) {
    throw new OptionError('secret', 'Exactly one of the options "secret", "publicKey" and "jwksUrl" is needed');
  }
  if (jwksUrl !== undefined) {
    const { jwksTimeoutMs: timeoutMs, jwksCacheMs: cacheMs, jwksCooldownMs: cooldownMs } = options;
    const keys = new RemoteKeySet({ url: new URL(jwksUrl), timeoutMs, cacheMs, cooldownMs });
    const accepted = [...keySetAlgorithms(algorithms)];
    return (token, rules) => jwtVerify(token, keys.find, { ...rules, algorithms: accepted });
  }
  const pinned = secret === undefined ? publicKey(key ?? '', algorithms) : secretKey(secret, algorithms);
  return (token, rules) => jwtVerify(token, pinned.key, { ...rules, algorithms: [...pinned.algorithms] });
}

async function claimsOf(verify: Verify, token: string, rules: JWTVerifyOptions): Promise<JwtClaims> {
  let payload: JWTPayload;
  try {
    ({ payload } = await verify(token, rules));
  } catch (error) {
    throw AgentSocketError.isInstance(error) ? error : refused(reasonOf(error));
  }
  if (!isPrincipalId(payload.sub)) throw refused('its "sub" cannot be the id of a principal');
  // `jose` has checked that these exist, and their types.
  return payload as JwtClaims;
}

function refused(why: string): AgentSocketError {
  return new AgentSocketError('unauthorized', `The JWT is refused: ${why}`);
}

/** Why `jose` refuses a token, without a part of the token: the names of claims are ours. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `its "${error.claim}" is missing or not accepted`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not accepted';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is unknown';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'it names no key ("kid"), and several fit';
  return 'it is malformed';
}

/** The scopes of a token: a text with blanks (RFC 8693, section 4.2) or a list, by any of the names that issuers use. */
function scopesOf({ scope, scopes, scp }: JwtClaims): readonly string[] {
  const given = scope ?? scopes ?? scp ?? [];
  if (typeof given === 'string') return given.split(' ').filter((entry) => entry !== '');
  return Array.isArray(given) ? given.filter((entry): entry is string => typeof entry === 'string') : [];
}

function listOf(names: string | readonly string[]): string[] {
  return typeof names === 'string' ? [names] : [...names];
}
