import { SignJWT } from 'jose';

const SECRET = '5b0f1c8f6a0f4d5e9a7c3b2d1e0f9a8b7c6d5e4f3a2b1c0d';

/** How the server knows a token. */
export const TOKEN_RULES = { secret: SECRET, issuer: 'bench', audience: 'bench' };

/** A list of scopes as services have them: most permit something else. */
const SCOPE = 'history list_runs resume cancel tools:calculator tools:search* rooms:*:join rooms:*:publish query';

/** The tokens of different users. */
export function tokensOf(count) {
  const key = new TextEncoder().encode(SECRET);
  const sign = (user) =>
    new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(`user-${user}`)
      .setIssuer(TOKEN_RULES.issuer)
      .setAudience(TOKEN_RULES.audience)
      .setExpirationTime('1h')
      .sign(key);
  return Promise.all(Array.from({ length: count }, (_, user) => sign(user)));
}
