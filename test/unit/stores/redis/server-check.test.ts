import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRedisStore, type RedisStoreOptions } from '../../../../src/stores/redis.js';
import type { Store } from '../../../../src/store/store.js';
import { missingRedis, redisServerOfFile, startRedis } from '../../../helpers/redis.js';
import { makeRedisUser, REDIS_PASSWORD } from '../../../helpers/redis-user.js';

async function open(options: RedisStoreOptions): Promise<Store> {
  const store = await createRedisStore({ keyPrefix: 'test-check', logger: false, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Everything that an error says, with its causes. */
async function refusal(options: RedisStoreOptions): Promise<string> {
  const error: unknown = await open(options).catch((reason: unknown) => reason);
  const said: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) said.push(at.message);
  return said.join(': ');
}

/** A server that answers to `INFO` what it is told, and OK to everything else. */
async function pretend(...infos: readonly string[]): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      for (const [, name = ''] of data.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        const text = infos[Math.min(asked, infos.length - 1)] ?? '';
        const isInfo = name.toUpperCase() === 'INFO';
        // The client asks first whether the server is of a Redis Cluster.
        if (isInfo) asked++;
        socket.write(isInfo ? `$${text.length}\r\n${text}\r\n` : '+OK\r\n');
      }
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

describe('createRedisStore', () => {
  it('refuses a Redis that is too old', async () => {
    const { url } = await pretend('redis_version:6.0.16\r\n');
    expect(await refusal({ url })).toBe('Redis 6.0.16 is too old: 6.2 or later is needed');
  });

  it('waits for a Redis that reads its files', async () => {
    const old = 'redis_version:5.0.0\r\nloading:';
    const redis = await pretend(`${old}1\r\n`, `${old}1\r\n`, `${old}1\r\n`, `${old}0\r\n`);
    expect(await refusal({ url: redis.url })).toContain('too old');
    expect(redis.asked()).toBe(4);
  });

  it('refuses a lease that is shorter than two beats, before it connects', async () => {
    const url = 'redis://127.0.0.1:1';
    expect(await refusal({ url, beatMs: 500, leaseMs: 999 })).toContain('leaseMs');
  });
});

describe.skipIf(missingRedis() !== '')(`createRedisStore with a server${missingRedis()}`, () => {
  const shared = redisServerOfFile({ user: true });

  it('refuses a Redis that would delete runs', async () => {
    const { url } = await startRedis({ settings: { 'maxmemory-policy': 'allkeys-lru' } });
    expect(await refusal({ url })).toBe(
      'Redis has maxmemory-policy allkeys-lru and would delete runs: set it to noeviction',
    );
  });

  it('warns of a Redis without a file, and promises nothing', async () => {
    const { url } = await startRedis({ appendonly: false });
    const warn = vi.fn();
    const logger = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
    expect((await open({ url, logger })).runs.isDurable).toBe(false);
    expect(warn).toHaveBeenCalledExactlyOnceWith({}, expect.stringContaining('appendonly yes'));
    expect((await open({ url: shared.url, keyPrefix: 'test-durable', logger })).runs.isDurable).toBe(true);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('refuses data of another version, and leaves it alone', async () => {
    await shared.call('HSET', 'test-old:{test-old}:meta', 'schema', '2');
    expect(await refusal({ url: shared.url, keyPrefix: 'test-old' })).toBe(
      'Redis holds data of version 2 under "test-old", and this server knows 1',
    );
    expect(await shared.call('KEYS', 'test-old*')).toMatch(/^\*1\r\n/);
  });

  it.each([
    ['channels', '&test-*:*', ''],
    ['keys', '~test-*:*', '~other:*'],
    ['what it may write', '+@write', ''],
    ['the time', '+time', ''],
    ['INFO', '+info', ''],
    ['scripts', '+eval', ''],
  ])('refuses a user who has no right to %s, before anything is written', async (_, right, instead) => {
    const answer = await shared.call(...makeRedisUser((each) => (each === right ? instead : each)));
    expect(answer).toBe('+OK\r\n');
    await shared.call('SCRIPT', 'FLUSH');
    const said = await refusal({ url: shared.url });
    expect(said).toMatch(/^The user of Redis lacks rights: docs\/cluster\.md has a line for ACL SETUSER: .*\S/);
    expect(said).not.toContain(REDIS_PASSWORD);
    expect(await shared.call('EXISTS', 'test-check:{test-check}:nodes')).toBe(':0\r\n');
  });

  it('says at once that the password is wrong, without telling it', async () => {
    const said = await refusal({ url: shared.url.replace('agent:', 'agent:wrong') });
    expect(said).toContain('WRONGPASS');
    expect(said).not.toMatch(/Se.?.?.?cret/);
  });

  it('cannot wait for the disk before version 7.2, and says so', async () => {
    expect(await shared.call(...makeRedisUser())).toBe('+OK\r\n');
    const version = /redis_version:(\S+)/.exec(await shared.call('INFO', 'server'))?.[1] ?? '';
    const canWait = Number.parseFloat(version) >= 7.2;
    const said = await refusal({ url: shared.url, keyPrefix: 'test-disk', durability: 'disk' });
    expect(said).toBe(
      canWait ? '' : `Redis ${version} cannot wait for its disk: "durability: disk" needs 7.2 or later`,
    );
  });
});
