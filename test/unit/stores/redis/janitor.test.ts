import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClaimRequest, RunMeta } from '../../../../src/store/run-store.js';
import { Reaper } from '../../../../src/stores/redis/reaper.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { silentLogger } from '../../../../src/runtime/logger.js';
import { metaOf } from '../../../../src/testing/conformance/run-samples.js';
import { missingRedis, redisOfFile } from '../../../helpers/redis.js';
import { openRedisStore } from '../../../helpers/redis-store.js';

const ASKED: ClaimRequest = { options: '{}', maxRunsOfOwner: 100, maxRunsOfConversation: 64 };
const WAITING: ClaimRequest = { ...ASKED, work: '{}' };
const PERIOD_MS = 10_000;

const redis = redisOfFile();
afterEach(() => void vi.restoreAllMocks());

/** What looks through the runs of a store, and what it has found. */
function janitorOf({ parts, cluster }: RedisStore, { rank = 0, forgotten = '' } = {}) {
  const turns: string[] = [];
  const adopted: string[] = [];
  const reaper = new Reaper({
    connection: parts.connection,
    keys: parts.keys,
    nodeId: parts.node,
    members: { rank, isForgotten: (id) => id === forgotten, remove: vi.fn(), forget: vi.fn() },
    facts: cluster.facts,
    logger: silentLogger,
    onAdopted: ({ record }) => void adopted.push(record.meta.id),
    onTurn: ({ id }) => void turns.push(id),
  });
  const walks = vi.spyOn(parts.connection, 'send');
  /** A beat so long after the last look. */
  const beat = (ms: number): void => {
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + ms);
    reaper.see([]);
    clock.mockRestore();
  };
  return { turns, adopted, walks, beat };
}

async function claim(store: RedisStore, request: ClaimRequest, change: Partial<RunMeta> = {}): Promise<RunMeta> {
  const meta = { ...metaOf(), ...change };
  expect((await store.runs.create(meta, request)).status).toBe('created');
  await store.runs.commit();
  return meta;
}

describe.skipIf(missingRedis() !== '')(`The look through all runs in progress${missingRedis()}`, () => {
  it('finds runs whose ticket is lost, which nobody ended, and whose host is forgotten', async () => {
    const store = await openRedisStore(redis.url);
    const [dead, living] = await Promise.all(
      [0, 1].map(() => openRedisStore(redis.url, { keyPrefix: store.parts.keys.prefix })),
    );
    if (dead === undefined || living === undefined) throw new Error('No nodes');
    const first = await claim(store, WAITING, { conversationId: 'c', owner: 'ada' });
    const second = await claim(store, WAITING, { conversationId: 'c', owner: 'ada' });
    const stopped = await claim(store, WAITING);
    await store.cluster.facts.stop(store.cluster.facts.placeOf(stopped.owner, stopped.id), 'requested');
    const left = await claim(dead, ASKED);
    const done = await claim(living, ASKED);
    const janitor = janitorOf(store, { forgotten: dead.parts.node });
    janitor.beat(PERIOD_MS);
    await vi.waitFor(() => expect([janitor.turns, janitor.adopted.length]).toEqual([[first.id], 2]));
    expect(janitor.adopted.sort()).toEqual([stopped.id, left.id].sort());
    const hostOf = async ({ owner, id }: RunMeta) => (await living.runs.open(owner, id))?.host;
    expect(await hostOf(left)).toBe(store.parts.node);
    expect(await hostOf(second)).toBe('');
    expect(await hostOf(done)).toBe(living.parts.node);
  });

  it('is the work of one node, now and then', async () => {
    const store = await openRedisStore(redis.url);
    const other = janitorOf(store, { rank: 1 });
    other.beat(PERIOD_MS);
    expect(other.walks).not.toHaveBeenCalled();
    const janitor = janitorOf(store);
    janitor.beat(PERIOD_MS - 1_000);
    expect(janitor.walks).not.toHaveBeenCalled();
    janitor.beat(PERIOD_MS);
    expect(janitor.walks).toHaveBeenCalled();
  });
});
