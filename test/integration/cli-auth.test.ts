import { createHash, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestClient } from '../../src/testing/index.js';
import { startCli } from '../helpers/cli-process.js';
import { runHere } from '../helpers/command-here.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const LOCAL = ['serve', '--host', '127.0.0.1', '--port', '0'];
const PINNED = ['--auth-issuer', 'https://id.example', '--auth-audience', 'agents'];
const SECRET = 'a secret of thirty-two bytes or more';

const claims = (sub: string) =>
  new SignJWT({ sub, iss: 'https://id.example', aud: 'agents', scope: 'a b' }).setExpirationTime('10m');

function fileWith(content: string): string {
  const file = join(temporaryDirectory(), 'secret');
  writeFileSync(file, content);
  return file;
}

async function serve(...args: string[]) {
  const cli = startCli([...LOCAL, ...args]);
  const endpoint = String((await cli.log('Listening'))['endpoint']);
  return {
    cli,
    endpoint,
    idOf: async (token: string) => {
      const client = await TestClient.connect(endpoint, { protocols: [token] });
      return client.connected.principal_id;
    },
    refused: (protocols: string[] = []) => TestClient.refused(endpoint, { protocols }),
  };
}

describe('agent-ws serve with authentication', () => {
  it('knows clients by a secret and by static tokens, and nobody else', async () => {
    const token = 'token-of-the-build-server';
    const sha256 = createHash('sha256').update(token).digest('hex');
    // As editors on Windows write them.
    const tokens = fileWith(`\uFEFF${JSON.stringify([{ sha256, id: 'ci' }])}`);
    const secret = fileWith(`\uFEFF${SECRET}\r\n`);
    const server = await serve('--auth-secret-file', secret, ...PINNED, '--auth-tokens-file', tokens);
    const jwt = await claims('anna').setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));
    expect([await server.idOf(jwt), await server.idOf(token)]).toEqual(['anna', 'ci']);
    const forged = await claims('anna').setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32));
    for (const offered of [[], ['wrong'], [sha256], [forged]]) {
      expect(await server.refused(offered)).toMatchObject({ code: 4401 });
    }
    expect(await server.cli.log(/refused a client/)).toMatchObject({
      error: expect.stringContaining('signature') as string,
    });
  });

  it('reads tokens and secrets again, and ends what a principal has whose last token is gone', async () => {
    const entry = (token: string, id: string) => ({ sha256: createHash('sha256').update(token).digest('hex'), id });
    const tokens = fileWith(JSON.stringify([entry('one', 'ann'), entry('two', 'ben')]));
    const secret = fileWith(SECRET);
    const server = await serve('--auth-secret-file', secret, ...PINNED, '--auth-tokens-file', tokens);
    const connect = (token: string): Promise<TestClient> => TestClient.connect(server.endpoint, { protocols: [token] });
    const [ann, ben] = [await connect('one'), await connect('two')];
    // Without a signal: the file is looked at.
    writeFileSync(tokens, JSON.stringify([entry('three', 'ann'), entry('four', 'cleo')]));
    await server.cli.log('The file of tokens was read again');
    expect(await ben.closed).toMatchObject({ code: 4401 });
    expect([await server.idOf('three'), await server.idOf('four')]).toEqual(['ann', 'cleo']);
    for (const old of ['one', 'two']) expect(await server.refused([old])).toMatchObject({ code: 4401 });
    ann.send({ type: 'ping' });
    await ann.next('pong');

    const other = 'another secret of thirty-two bytes or more';
    writeFileSync(secret, other);
    writeFileSync(tokens, '[{"sha256":"hunter2","id":"ann"}]');
    server.cli.kill('SIGHUP');
    await server.cli.log('The secret of JSON Web Tokens was read again');
    const line = await server.cli.log('The new file of tokens cannot be used; the old one stays in use');
    expect(JSON.stringify(line)).toContain('[0].sha256');
    expect(server.cli.stdout).not.toContain('hunter2');
    const signed = (key: string): Promise<string> =>
      claims('dora').setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(key));
    expect(await server.idOf(await signed(other))).toBe('dora');
    expect(await server.refused([await signed(SECRET)])).toMatchObject({ code: 4401 });
    expect(await server.idOf('three')).toBe('ann');

    writeFileSync(tokens, '[]');
    server.cli.kill('SIGHUP');
    expect(await ann.closed).toMatchObject({ code: 4401 });
    expect(await server.refused(['three'])).toMatchObject({ code: 4401 });
  });

  it('knows clients by the keys of a provider', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = http.createServer((_request, response) => {
      response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] }));
    });
    await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void keys.close());
    const url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks`;
    const server = await serve('--auth-jwks', url, ...PINNED);
    expect(
      await server.idOf(await claims('anna').setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey)),
    ).toBe('anna');
    expect(await server.refused()).toMatchObject({ code: 4401 });
  });

  it('shares one principal among all if it is told to', async () => {
    const { endpoint } = await serve('--anonymous', 'shared');
    expect((await TestClient.connect(endpoint)).connected.principal_id).toBe('anonymous');
  });

  it.each<[string, () => string[], string]>([
    ['an issuer alone', () => ['--auth-issuer', 'x'], '--auth-issuer: needs --auth-jwks or --auth-secret-file'],
    [
      'keys without an audience',
      () => ['--auth-jwks', 'https://id.example', '--auth-issuer', 'x'],
      '--auth-audience: must be given with --auth-jwks',
    ],
    [
      'keys over a plain connection',
      () => ['--auth-jwks', 'http://id.example', ...PINNED],
      '--auth-jwks: must be an https address',
    ],
    [
      'a short secret',
      () => ['--auth-secret-file', fileWith('hunter2'), ...PINNED],
      '--auth-secret-file: must be at least 32 bytes long',
    ],
    ['no file', () => ['--auth-secret-file', '/nowhere', ...PINNED], '--auth-secret-file: "/nowhere" cannot be read'],
    ['a file without a token', () => ['--auth-tokens-file', fileWith('[]')], '--auth-tokens-file: must hold a token'],
    [
      'a token in place of its hash',
      () => ['--auth-tokens-file', fileWith('[{"sha256":"hunter2","id":"ci"}]')],
      '--auth-tokens-file: [0].sha256 must be the SHA-256',
    ],
    [
      'one principal for clients who authenticate',
      () => ['--anonymous', 'shared', '--auth-secret-file', fileWith('x'.repeat(32)), ...PINNED],
      '--anonymous: has no effect with --auth-secret-file',
    ],
    ['an unknown mode', () => ['--anonymous', 'all'], '--anonymous: must be one of separate, shared'],
  ])('refuses %s, and shows no secret', async (_what, args, why) => {
    const { code, stderr } = await runHere([...LOCAL, ...args()]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
    expect(stderr).not.toContain('hunter2');
  });
});
