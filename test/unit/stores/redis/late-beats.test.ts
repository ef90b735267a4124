import { describe, expect, it, vi } from 'vitest';
import { joinNode } from '../../../../src/testing/conformance/cluster-node.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { missingRedis, redisServerOfFile } from '../../../helpers/redis.js';
import { openRedisStore } from '../../../helpers/redis-store.js';

const LEASE_MS = 4_000;
const PATIENCE = { timeout: 30_000, interval: 20 };

const redis = redisServerOfFile();

async function startNode() {
  const warn = vi.fn<(fields: object, message: string) => void>();
  const logger = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
  let opened: RedisStore | undefined;
  await joinNode({
    noticeMs: LEASE_MS,
    start: async () => {
      opened = await openRedisStore(redis.url, { beatMs: 100, leaseMs: LEASE_MS, logger });
      return { store: opened, freeze: () => undefined, thaw: () => undefined };
    },
  });
  if (opened === undefined) throw new Error('The node has no store');
  const { cluster, parts } = opened;
  const said = () => warn.mock.calls.filter(([, message]) => message.startsWith('A beat is late'));
  const beats = () => cluster.counts.beats.counts.reduce((sum, count) => sum + count, 0);
  return { cluster, parts, said, beats };
}

describe.skipIf(missingRedis() !== '')(`A node${missingRedis()}`, () => {
  it('says that it beats late', async () => {
    const { cluster, said, beats } = await startNode();
    await vi.waitUntil(() => beats() > 2, PATIENCE);
    const before = said().length;
    const since = performance.now();
    cluster.beats = false;
    await vi.waitUntil(() => performance.now() - since > LEASE_MS / 2, PATIENCE);
    cluster.beats = true;
    await vi.waitUntil(() => said().length > before, PATIENCE);
    expect(said().at(-1)?.[0]).toMatchObject({ leaseMs: LEASE_MS });
  });

  it('does not say so of beats that Redis did not answer', async () => {
    const { parts, said, beats } = await startNode();
    await vi.waitUntil(() => beats() > 2, PATIENCE);
    const [before, told] = [beats(), said().length];
    await redis.kill();
    const since = performance.now();
    await vi.waitUntil(() => performance.now() - since > LEASE_MS / 2, PATIENCE);
    await redis.restart();
    await vi.waitUntil(() => beats() > before + 1, PATIENCE);
    expect(parts.connection.isReady).toBe(true);
    expect(said()).toHaveLength(told);
  });
});
