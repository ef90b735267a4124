import { describe, expect, it, vi } from 'vitest';
import { partitionOf } from '../../../../src/stores/redis/keys.js';
import { PARTITIONS, slotOf, TAGS } from '../../../../src/stores/redis/partitions.js';
import type { RunLog } from '../../../../src/index.js';
import { missingRedis, redisClusterOfFile } from '../../../helpers/redis.js';
import { createRun, openRedisStore } from '../../../helpers/redis-store.js';
import { metaOf } from '../../../helpers/sqlite.js';

const MASTERS = 3;

/** An owner in each partition. */
function owners(): string[] {
  const found = new Map<number, string>();
  for (let i = 0; found.size < PARTITIONS; i++) found.set(partitionOf(`owner ${i}`), `owner ${i}`);
  return [...found.values()];
}

/** The master that has the data of an owner: slots are given to masters in ranges. */
function masterOf(owner: string): number {
  return Math.floor((slotOf(TAGS[partitionOf(owner)] ?? '') * MASTERS) / 16_384);
}

describe.skipIf(missingRedis() !== '')(`a Redis Cluster without one of its masters${missingRedis()}`, () => {
  const cluster = redisClusterOfFile(MASTERS, { settings: { 'cluster-require-full-coverage': 'no' } });

  it('takes the writes of all owners that others have, and reports one outage', { timeout: 120_000 }, async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const store = await openRedisStore(cluster.servers[0]?.url ?? '', { logger });
    const lost: RunLog[] = [];
    const kept: RunLog[] = [];
    await Promise.all(
      owners().map(async (owner) => {
        const log = await createRun(store, { ...metaOf('run'), owner });
        (masterOf(owner) === MASTERS - 1 ? lost : kept).push(log);
      }),
    );
    await store.runs.commit();
    await cluster.servers[MASTERS - 1]?.kill();
    const append = (logs: readonly RunLog[], seq: number): void => {
      for (const log of logs) log.append({ type: 'stream_chunk', seq, timestamp: seq, content: 'a' });
    };
    const published = (logs: readonly RunLog[]): number => Math.min(...logs.map((log) => log.published));
    append(lost, 1);
    const { outage } = store.parts;
    // Every partition that is away has tried and waits.
    await vi.waitUntil(() => outage.retries >= lost.length, { timeout: 30_000 });
    for (let seq = 1; seq <= 5; seq++) {
      append(kept, seq);
      await vi.waitUntil(() => published(kept) === seq, { timeout: 30_000 });
    }
    expect(published(lost)).toBe(0);
    expect(outage.isOn).toBe(true);
    await cluster.servers[MASTERS - 1]?.restart();
    await vi.waitUntil(() => published(lost) === 1 && !outage.isOn, { timeout: 60_000 });
    const said = [...logger.warn.mock.calls, ...logger.info.mock.calls].map(([, message]) => String(message));
    expect(said.filter((message) => message.startsWith('Redis '))).toEqual([
      'Redis does not answer: writes wait',
      'Redis answers again',
    ]);
  });
});
