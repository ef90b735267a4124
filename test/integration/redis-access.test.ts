import { createClient } from '@redis/client';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createBullMqQueue } from '../../src/queues/bullmq.js';
import { createRedisStore } from '../../src/stores/redis.js';
import { TestClient } from '../../src/testing/index.js';
import { startCli } from '../helpers/cli-process.js';
import { freePort } from '../helpers/free-port.js';
import { missingRedis, redisServerOfFile } from '../helpers/redis.js';
import { startServer } from '../helpers/server.js';
import { makeCertificate } from '../helpers/tls/make-certificate.js';

const PASSWORD = 'pass%word/of@redis';
const folder = mkdtempSync(join(tmpdir(), 'agent-ws-redis-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(content: string | Buffer): string {
  const file = join(folder, randomUUID());
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

/** Everything that an error says, with its causes. */
async function saidBy(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => new Error('It was not refused'),
    (reason: unknown) => reason,
  );
  const said: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) said.push(at.message);
  return said.join(': ');
}

describe.skipIf(missingRedis() !== '')(`A Redis with TLS and a password${missingRedis()}`, async () => {
  const { cert, key } = makeCertificate();
  const [ca, tlsPort] = [fileWith(cert), await freePort()];
  const redis = redisServerOfFile({
    settings: {
      requirepass: PASSWORD,
      'tls-port': `${tlsPort}`,
      'tls-cert-file': ca,
      'tls-key-file': fileWith(key),
      'tls-ca-cert-file': ca,
      'tls-auth-clients': 'no',
    },
  });
  const encrypted = `rediss://127.0.0.1:${tlsPort}`;
  const withPassword = encrypted.replace('//', `//:${encodeURIComponent(PASSWORD)}@`);
  const passwordFile = fileWith(`${PASSWORD}\n`);

  it('carries the runs of services and workers whose client has the authority', async () => {
    const keyPrefix = randomUUID();
    const given = () => ({
      client: createClient({ url: withPassword, socket: { tls: true, ca: cert } }),
      keyPrefix,
      logger: false as const,
    });
    const [store, other] = [await createRedisStore(given()), await createRedisStore(given())];
    const [queue, taken] = [await createBullMqQueue(given()), await createBullMqQueue(given())];
    onTestFinished(async () => {
      await Promise.all([queue.close(), taken.close()]);
      await Promise.all([store.close(), other.close()]);
    });
    const service = await startServer({ logger: false, store, queue });
    const worker = await startServer({ logger: false, store: other });
    worker.agent.runs.work(taken, 1);
    const client = await TestClient.connect(service.url);
    client.send({ type: 'agent_query', query: 'Hi' });
    expect(await client.next('agent_response')).toMatchObject({ content: 'Hello' });
  });

  it('is refused without its authority', async () => {
    const refused = [createRedisStore, createBullMqQueue].map((create) =>
      saidBy(create({ url: withPassword, logger: false })),
    );
    for (const said of await Promise.all(refused)) {
      expect(said).toMatch(/certificate/);
      expect(said).not.toContain(encodeURIComponent(PASSWORD));
    }
  });

  it('says that a password is wrong or missing, whatever fails after that', async () => {
    for (const create of [createRedisStore, createBullMqQueue]) {
      const wrong = redis.url.replace('//', '//:wrong@');
      expect(await saidBy(create({ url: wrong, logger: false }))).toContain('WRONGPASS');
      expect(await saidBy(create({ url: redis.url, logger: false }))).toContain('NOAUTH');
    }
  });

  it('serves a queue again after a silence', async () => {
    const template = createClient({ url: redis.url.replace('//', `//:${encodeURIComponent(PASSWORD)}@`) });
    const client = {
      duplicate: (overrides: { readonly socket: object }) =>
        template.duplicate({ ...overrides, pingInterval: 50, socket: { ...overrides.socket, socketTimeout: 500 } }),
    };
    const warn = vi.fn<(fields: object, message: string) => void>();
    const queue = await createBullMqQueue({ client, logger: { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() } });
    onTestFinished(() => queue.close());
    redis.stop();
    onTestFinished(() => redis.cont());
    await vi.waitUntil(() => warn.mock.calls.some(([, message]) => message.includes('cannot reach Redis')));
    redis.cont();
    expect(await queue.size()).toBe(0);
  });

  it('serves a command that knows authority and password by files', async () => {
    const args = ['serve', '--port', '0', '--run', 'queue', '--log-format', 'json', '--redis', encrypted];
    const command = startCli([...args, '--redis-password-file', passwordFile], { env: { NODE_EXTRA_CA_CERTS: ca } });
    await command.log('Listening');
    command.kill('SIGTERM');
    expect(await command.exited).toBe(0);
    expect(command.stdout + command.stderr).not.toMatch(/pass%|pass%25/);
  });

  it.each([
    [
      'its authority',
      () => [encrypted, '--redis-password-file', passwordFile],
      /certificate: NODE_EXTRA_CA_CERTS=FILE /,
    ],
    ['its password', () => [redis.url], /NOAUTH .*: --redis-password-file FILE names the password/],
  ])('says what a command needs that does not know %s', async (_, access, error) => {
    const command = startCli(['worker', '--redis', ...access()]);
    expect(await command.exited).toBe(1);
    expect(command.stderr).toMatch(/^--redis: .*\n$/);
    expect(command.stderr).toMatch(error);
  });
});

it('A command says what it can mean that Redis closes each connection', async () => {
  // As in protected mode, or with as many clients as it allows.
  const redis = createServer((socket) => socket.end('-DENIED Redis is running in protected mode\r\n'));
  await once(redis.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void redis.close());
  const command = startCli(['serve', '--redis', `redis://127.0.0.1:${(redis.address() as AddressInfo).port}`]);
  expect(await command.exited).toBe(1);
  expect(command.stderr).toMatch(/^--redis: .*protected mode.*rediss:.*maxclients.*\n$/);
});

it('A command says at once that it waits for a Redis that is not there, and gives up', async () => {
  const port = await freePort();
  const command = startCli(['serve', '--redis', `redis://127.0.0.1:${port}`, '--log-format', 'json']);
  expect(await command.log('Waiting for Redis')).toMatchObject({ redis: `127.0.0.1:${port}` });
  expect(await command.exited).toBe(1);
  expect(command.stderr).toMatch(/^--redis: No connection to Redis could be made: connect ECONNREFUSED .*\n$/);
});
