import { describe, expect, test } from 'vitest';
import { missingRedis, missingSlowFsync, redisClusterOfFile, redisOfFile, startRedis } from '../../helpers/redis.js';

describe.skipIf(missingRedis() !== '')(`a Redis server of a test${missingRedis()}`, () => {
  const shared = redisOfFile();
  const cluster = redisClusterOfFile(3);

  test('is shared by the tests of a file', () => {
    expect(shared.url).toMatch(/^rediss?:\/\//);
  });

  test('keeps what it has acknowledged over a crash, with appendonly', async () => {
    const redis = await startRedis();
    expect(await redis.call('SET', 'a', 'b')).toBe('+OK\r\n');
    await redis.kill();
    await expect(redis.call('PING')).rejects.toThrow();
    await redis.restart();
    expect(await redis.call('GET', 'a')).toBe('$1\r\nb\r\n');
  });

  test('loses everything in a crash, without appendonly', async () => {
    const redis = await startRedis({ appendonly: false });
    await redis.call('SET', 'a', 'b');
    await redis.kill();
    await redis.restart();
    expect(await redis.call('GET', 'a')).toBe('$-1\r\n');
  });

  test('answers nothing while it is stopped', async () => {
    const redis = await startRedis();
    redis.stop();
    let answered = false;
    const answer = redis.call('PING').then((text) => {
      answered = true;
      return text;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    redis.cont();
    expect(await answer).toBe('+PONG\r\n');
  });

  test('can be a cluster', async () => {
    const [first] = cluster.servers;
    expect(await first?.call('CLUSTER', 'INFO')).toContain('cluster_size:3');
    // Each slot belongs to one of them.
    expect(await first?.call('CLUSTER', 'INFO')).toContain('cluster_slots_ok:16384');
  });
});

test.skipIf(missingSlowFsync() !== '')(
  `a Redis server of a test can have a slow disk${missingSlowFsync()}`,
  async () => {
    const redis = await startRedis({ fsync: 'always', slowFsyncMs: 300 });
    const begin = performance.now();
    await redis.call('SET', 'a', 'b');
    expect(performance.now() - begin).toBeGreaterThan(290);
  },
);
