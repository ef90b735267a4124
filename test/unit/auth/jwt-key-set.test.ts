import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { jwtAuth, type JwtAuthOptions } from '../../../src/auth/index.js';
import { bearer } from './hooks.js';

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

function makeKey(kid: string): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' } };
}

function signed({ kid, privateKey }: Key, sub = 'anna'): Promise<string> {
  return new SignJWT({ sub, iss: 'id', aud: 'agents' })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setExpirationTime('10m')
    .sign(privateKey);
}

/** A server of keys that answers as the test says. */
async function startKeys(answer: (response: ServerResponse) => void) {
  const state = { answer, requests: 0 };
  const server = http.createServer((_request, response) => {
    state.requests++;
    state.answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const hook = (options: Partial<JwtAuthOptions> = {}) =>
    jwtAuth({ jwksUrl: `http://127.0.0.1:${port}/jwks`, issuer: 'id', audience: 'agents', ...options });
  return { state, hook };
}

const give =
  (...keys: Key[]) =>
  (response: ServerResponse): void =>
    void response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));

/** Lets time pass; from then on it stands still. */
function elapse(ms: number): void {
  const now = performance.now() + ms;
  vi.spyOn(performance, 'now').mockReturnValue(now);
  onTestFinished(() => void vi.restoreAllMocks());
}

const refused = { code: 'unauthorized' };
const unavailable = { code: 'internal_error' };

describe('a key set', () => {
  it('is read once for many handshakes', async () => {
    const key = makeKey('k1');
    const { state, hook } = await startKeys(give(key));
    const authenticate = hook();
    const token = await signed(key);
    const all = await Promise.all(Array.from({ length: 50 }, () => authenticate(bearer(token))));
    expect(all.every((principal) => principal?.id === 'anna')).toBe(true);
    await authenticate(bearer(token));
    expect(state.requests).toBe(1);
  });

  it('is read again when a token names a new key', async () => {
    const [old, fresh] = [makeKey('k1'), makeKey('k2')];
    const { state, hook } = await startKeys(give(old));
    const authenticate = hook({ jwksCooldownMs: 0 });
    expect(await authenticate(bearer(await signed(old)))).toMatchObject({ id: 'anna' });
    state.answer = give(fresh);
    expect(await authenticate(bearer(await signed(fresh)))).toMatchObject({ id: 'anna' });
    // The key that was withdrawn is good for nothing any more.
    await expect(authenticate(bearer(await signed(old)))).rejects.toMatchObject(refused);
  });

  it('is not read for every unknown key that strangers name', async () => {
    const key = makeKey('k1');
    const { state, hook } = await startKeys(give(key));
    const authenticate = hook();
    await authenticate(bearer(await signed(key)));
    for (let index = 0; index < 20; index++) {
      await expect(authenticate(bearer(await signed(makeKey(`x${index}`))))).rejects.toMatchObject(refused);
    }
    expect(state.requests).toBe(1);
  });

  it('that is being read is waited for by every token of a new key', async () => {
    const [old, fresh] = [makeKey('k1'), makeKey('k2')];
    const { state, hook } = await startKeys(give(old));
    const authenticate = hook();
    await authenticate(bearer(await signed(old)));
    const waiting: ServerResponse[] = [];
    state.answer = (response) => void waiting.push(response);
    elapse(60_000);
    const token = await signed(fresh);
    const all = Promise.all(Array.from({ length: 10 }, () => authenticate(bearer(token))));
    await expect.poll(() => waiting.length).toBe(1);
    for (const response of waiting) give(old, fresh)(response);
    expect((await all).every((principal) => principal?.id === 'anna')).toBe(true);
    expect(state.requests).toBe(2);
  });

  it('that is old lets in the first token of a new key', async () => {
    const [old, fresh] = [makeKey('k1'), makeKey('k2')];
    const { state, hook } = await startKeys(give(old));
    const authenticate = hook();
    await authenticate(bearer(await signed(old)));
    state.answer = give(old, fresh);
    elapse(3_600_000);
    expect(await authenticate(bearer(await signed(fresh)))).toMatchObject({ id: 'anna' });
    expect(state.requests).toBe(2);
  });

  it('that cannot be read decides nothing about tokens of an unknown key, and is read soon again', async () => {
    const [old, fresh] = [makeKey('k1'), makeKey('k2')];
    const { state, hook } = await startKeys(give(old));
    const authenticate = hook();
    await authenticate(bearer(await signed(old)));
    state.answer = (response) => void response.writeHead(503).end();
    const token = await signed(fresh);
    elapse(60_000);
    for (let index = 0; index < 5; index++) {
      await expect(authenticate(bearer(token))).rejects.toMatchObject(unavailable);
    }
    expect(state.requests).toBe(2);
    expect(await authenticate(bearer(await signed(old)))).toMatchObject({ id: 'anna' });
    state.answer = give(old, fresh);
    elapse(1_000);
    expect(await authenticate(bearer(token))).toMatchObject({ id: 'anna' });
  });

  it('that is a day old and cannot be read is not asked for by every handshake', async () => {
    const key = makeKey('k1');
    const { state, hook } = await startKeys(give(key));
    const authenticate = hook();
    const token = await signed(key);
    await authenticate(bearer(token));
    state.answer = (response) => void response.writeHead(503).end();
    elapse(86_400_000);
    for (let index = 0; index < 5; index++) {
      await expect(authenticate(bearer(token))).rejects.toMatchObject(unavailable);
    }
    expect(state.requests).toBe(2);
  });

  it('is replaced in the background when it is old, and used meanwhile', async () => {
    const key = makeKey('k1');
    const { state, hook } = await startKeys(give(key));
    const authenticate = hook({ jwksCacheMs: 1, jwksTimeoutMs: 60_000 });
    const token = await signed(key);
    await authenticate(bearer(token));
    // The server of keys hangs from now on.
    state.answer = () => undefined;
    elapse(5_000_000);
    expect(await authenticate(bearer(token))).toMatchObject({ id: 'anna' });
    await expect.poll(() => state.requests).toBe(2);
    expect(await authenticate(bearer(token))).toMatchObject({ id: 'anna' });
    expect(state.requests).toBe(2);
  });

  it('with several keys needs tokens that name one', async () => {
    const [one, two] = [makeKey('k1'), makeKey('k2')];
    const { hook } = await startKeys(give(one, two));
    const token = await new SignJWT({ sub: 'anna', iss: 'id', aud: 'agents' })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime('10m')
      .sign(one.privateKey);
    await expect(hook()(bearer(token))).rejects.toThrow('names no key');
  });

  it('with a secret in it serves nobody', async () => {
    const secret = Buffer.alloc(32, 'k');
    const { hook } = await startKeys((response) => {
      response.end(JSON.stringify({ keys: [{ kty: 'oct', k: secret.toString('base64url'), kid: 's', alg: 'HS256' }] }));
    });
    const token = await new SignJWT({ sub: 'anna', iss: 'id', aud: 'agents' })
      .setProtectedHeader({ alg: 'HS256', kid: 's' })
      .setExpirationTime('10m')
      .sign(secret);
    await expect(hook()(bearer(token))).rejects.toMatchObject(refused);
  });
});

describe('a server of keys', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['that fails', (response) => void response.writeHead(500).end('no')],
    ['that sends no JSON', (response) => void response.end('<html>')],
    ['that sends other JSON', (response) => void response.end('{"keys":"none"}')],
    ['that redirects', (response) => void response.writeHead(302, { Location: '/elsewhere' }).end()],
    ['that sends without end', (response) => void response.end('x'.repeat(300_000))],
    ['that hangs up', (response) => void response.destroy()],
  ])('%s is told, and nobody is let in', async (_what, answer) => {
    const { hook } = await startKeys(answer);
    const error: unknown = await hook()(bearer(await signed(makeKey('k1')))).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(unavailable);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['never answers', () => undefined],
    ['never ends its answer', (response) => void response.write('{"keys":[')],
  ])('that %s holds handshakes no longer than its time', async (_what, answer) => {
    const { state, hook } = await startKeys(answer);
    elapse(0);
    const authenticate = hook({ jwksTimeoutMs: 50 });
    const token = await signed(makeKey('k1'));
    const all = Array.from({ length: 10 }, () => authenticate(bearer(token)).catch((thrown: unknown) => thrown));
    for (const error of await Promise.all(all)) expect(error).toMatchObject(unavailable);
    // Handshakes that follow do not become as many requests.
    await expect(authenticate(bearer(token))).rejects.toMatchObject(unavailable);
    expect(state.requests).toBeLessThanOrEqual(1);
  });
});
