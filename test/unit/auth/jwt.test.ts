import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jwtAuth, type JwtAuthOptions } from '../../../src/auth/index.js';
import { OptionError } from '../../../src/index.js';
import { SignJWT, UnsecuredJWT } from 'jose';
import { bearer, request } from './hooks.js';

const SECRET = 'a secret of thirty-two bytes or more';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const PEM = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const pinned = { issuer: 'https://id.example', audience: 'agents' };
const nowS = Math.floor(Date.now() / 1000);

interface Claims {
  readonly [claim: string]: unknown;
}

function claims(more: Claims = {}): Claims {
  return { iss: 'https://id.example', aud: 'agents', sub: 'anna', iat: nowS, exp: nowS + 600, ...more };
}

function signed(payload: Claims, alg = 'HS256', key: KeyObject | Uint8Array = Buffer.from(SECRET)): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(key);
}

/** A token whose header says what its maker wants. */
function forged(header: Claims, payload: Claims, sign: (input: string) => string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${sign(input)}`;
}

const hook = (options: Partial<JwtAuthOptions> = { secret: SECRET }) => jwtAuth({ ...pinned, ...options });

describe('a valid token', () => {
  it('gives the principal of its claims', async () => {
    const principal = await hook()(bearer(await signed(claims({ scope: 'rooms:a:join  tools:calculator' }))));
    expect(principal).toEqual({
      id: 'anna',
      scopes: ['rooms:a:join', 'tools:calculator'],
      // What the leeway lets in stays as long.
      expiresAt: (nowS + 600) * 1000 + 30_000,
    });
  });

  it.each([
    ['scopes', ['a', 'b']],
    ['scp', 'a b'],
    ['scp', ['a', 5, 'b']],
  ])('has scopes in %s', async (name, value) => {
    expect(await hook()(bearer(await signed(claims({ [name]: value }))))).toMatchObject({ scopes: ['a', 'b'] });
  });

  it('is read from the subprotocols, too', async () => {
    const offered = { 'sec-websocket-protocol': `agent-ws.v1, ${await signed(claims())}` };
    expect(await hook()(request(offered))).toMatchObject({ id: 'anna' });
  });

  it.each([
    ['RS256', rsa],
    ['ES256', ec],
    ['EdDSA', ed],
  ])('may be signed with %s', async (alg, { publicKey, privateKey }) => {
    const token = await signed(claims(), alg, privateKey);
    const forms = [
      publicKey,
      publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      publicKey.export({ format: 'jwk' }),
    ];
    for (const form of forms) expect(await hook({ publicKey: form })(bearer(token))).toMatchObject({ id: 'anna' });
  });

  it('gives what a hook adds, and null refuses', async () => {
    const named = jwtAuth({
      ...pinned,
      secret: SECRET,
      principal: ({ name, sub }) => (typeof name === 'string' ? { name, id: `tenant/${sub}` } : null),
    });
    const principal = await named(bearer(await signed(claims({ name: 'Anna' }))));
    expect(principal).toMatchObject({ id: 'tenant/anna', name: 'Anna', scopes: [] });
    expect(principal?.expiresAt).toBeGreaterThan(Date.now());
    await expect(named(bearer(await signed(claims())))).rejects.toThrow('it is not accepted');
    const unlimited = jwtAuth({ ...pinned, secret: SECRET, principal: () => ({ scopes: undefined }) });
    expect(await unlimited(bearer(await signed(claims({ scope: 'openid' }))))).toMatchObject({ scopes: undefined });
  });

  it('is valid within the leeway, and not beyond', async () => {
    const at = async (more: Claims) => hook()(bearer(await signed(claims(more))));
    expect(await at({ exp: nowS - 20 })).toMatchObject({ id: 'anna' });
    expect(await at({ nbf: nowS + 20 })).toMatchObject({ id: 'anna' });
    await expect(at({ exp: nowS - 40 })).rejects.toThrow('it has expired');
    await expect(at({ nbf: nowS + 60 })).rejects.toThrow('"nbf"');
  });
});

describe('a request without a JWT', () => {
  it.each([request(), bearer('a-static-token'), bearer('a.b'), bearer('a.b.c.d.e')])(
    'is left to others',
    async (asked) => {
      expect(await hook()(asked)).toBe(null);
    },
  );
});

describe('what an attacker sends', () => {
  const refusal = async (token: string, options?: Partial<JwtAuthOptions>): Promise<unknown> => {
    const error: unknown = await hook(options)(bearer(token)).then(
      (principal) => principal,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'AgentSocketError', code: 'unauthorized' });
    // Neither the log nor anybody else may learn the token.
    for (const part of token.split('.')) if (part !== '') expect(String(error)).not.toContain(part);
    return String(error);
  };

  it('without a signature is refused', async () => {
    const unsecured = new UnsecuredJWT(claims()).encode();
    expect(await refusal(unsecured)).toContain('algorithm');
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      await refusal(forged({ alg }, claims(), () => ''));
      await refusal(
        forged({ alg }, claims(), () => ''),
        { publicKey: PEM },
      );
    }
    const [header = '', payload = ''] = (await signed(claims())).split('.');
    await refusal(`${header}.${payload}.`);
  });

  it('signed with the public key as a secret is refused', async () => {
    const withPublicKey = forged({ alg: 'HS256', typ: 'JWT' }, claims(), (input) =>
      createHmac('sha256', PEM).update(input).digest('base64url'),
    );
    expect(await refusal(withPublicKey, { publicKey: PEM })).toContain('algorithm');
  });

  it('signed with another algorithm of the same key is refused', async () => {
    expect(await refusal(await signed(claims(), 'PS256', rsa.privateKey), { publicKey: PEM })).toContain('algorithm');
    const long = Buffer.alloc(64, 'x');
    expect(await refusal(await signed(claims(), 'HS512', long), { secret: long })).toContain('algorithm');
  });

  it('that brings its own key is refused', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = publicKey.export({ format: 'jwk' });
    const header = { alg: 'RS256', jwk, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/cert' };
    const token = await new SignJWT(claims()).setProtectedHeader(header).sign(privateKey);
    expect(await refusal(token, { publicKey: PEM })).toContain('signature');
  });

  it.each([
    ['another issuer', { iss: 'https://evil.example' }, '"iss"'],
    ['an issuer that only begins alike', { iss: 'https://id.example.evil' }, '"iss"'],
    ['no issuer', { iss: undefined }, '"iss"'],
    ['another audience', { aud: 'payments' }, '"aud"'],
    ['other audiences', { aud: ['payments', 'mail'] }, '"aud"'],
    ['no audience', { aud: undefined }, '"aud"'],
    ['no end', { exp: undefined }, '"exp"'],
    ['an end that is no number', { exp: '9999999999' }, '"exp"'],
    ['no subject', { sub: undefined }, '"sub"'],
    ['an empty subject', { sub: '' }, '"sub"'],
    ['a subject of blanks', { sub: '  ' }, '"sub"'],
    ['a subject with a line break', { sub: 'anna\nroot' }, '"sub"'],
    ['a subject with an invisible character', { sub: 'anna\u200b' }, '"sub"'],
    ['a subject that is too long', { sub: 'a'.repeat(257) }, '"sub"'],
    ['a subject that is a number', { sub: 7 }, '"sub"'],
  ])('with %s is refused', async (_what, more, why) => {
    expect(await refusal(await signed(claims(more)))).toContain(why);
  });

  it('that was changed is refused', async () => {
    const [header = '', , signature = ''] = (await signed(claims())).split('.');
    const other = Buffer.from(JSON.stringify(claims({ sub: 'root' }))).toString('base64url');
    expect(await refusal(`${header}.${other}.${signature}`)).toContain('signature');
    expect(await refusal(`${header}.!!.${signature}`.replace('!!', 'e30'))).toContain('signature');
    expect(await refusal(`bm90.${other}.${signature}`)).toContain('malformed');
  });

  it('that demands an extension nobody knows is refused', async () => {
    await refusal(
      forged({ alg: 'HS256', crit: ['exp2'], exp2: 1 }, claims(), (input) =>
        createHmac('sha256', SECRET).update(input).digest('base64url'),
      ),
    );
  });
});

describe('options', () => {
  it.each<[Partial<JwtAuthOptions>, string]>([
    [{}, 'Exactly one'],
    [{ secret: SECRET, publicKey: PEM }, 'Exactly one'],
    [{ secret: 'short' }, 'at least 32 bytes'],
    [{ secret: SECRET, algorithms: ['HS512'] }, 'at least 64 bytes'],
    [{ secret: PEM }, 'publicKey'],
    [{ secret: SECRET, algorithms: ['RS256'] }, 'algorithms'],
    [{ publicKey: PEM, algorithms: ['HS256'] }, 'algorithms'],
    [{ jwksUrl: 'https://id.example/jwks', algorithms: ['HS256', 'RS256'] }, 'algorithms'],
    [{ publicKey: PEM, algorithms: ['none'] }, 'algorithms'],
    [{ publicKey: PEM, algorithms: [] }, 'algorithms'],
    [{ publicKey: 'not a key' }, 'publicKey'],
    [{ jwksUrl: 'http://id.example/jwks' }, 'jwksUrl'],
    [{ jwksUrl: 'file:///etc/passwd' }, 'jwksUrl'],
    [{ secret: SECRET, issuer: '' }, 'issuer'],
    [{ secret: SECRET, audience: [] }, 'audience'],
    [{ secret: SECRET, leewayMs: -1 }, 'leewayMs'],
  ])('%j is refused', (options, why) => {
    expect(() => hook(options)).toThrow(OptionError);
    expect(() => hook(options)).toThrow(why);
  });

  it('shows no secret', () => {
    expect(() => hook({ secret: 'hunter2' })).toThrow(/^(?!.*hunter2)/);
  });
});
