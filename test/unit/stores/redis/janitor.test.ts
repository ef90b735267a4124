import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClaimRequest, RunMeta } from '../../../../src/store/run-store.js';
import { Members } from '../../../../src/stores/redis/members.js';
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
function janitorOf({ parts, cluster }: RedisStore, { isJanitor = true, forgotten = '' } = {}) {
  const turns: string[] = [];
  const adopted: string[] = [];
  const reaper = new Reaper({
    connection: parts.connection,
    keys: parts.keys,
    nodeId: parts.node,
    members: {
      ...{ rank: 0, isJanitor },
      isForgotten: (id) => id === forgotten,
      stillGone: (ids) => Promise.resolve([...ids]),
      remove: vi.fn(),
      forget: vi.fn(),
    },
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
    const other = janitorOf(store, { isJanitor: false });
    other.beat(PERIOD_MS);
    expect(other.walks).not.toHaveBeenCalled();
    const janitor = janitorOf(store);
    janitor.beat(PERIOD_MS - 1_000);
    expect(janitor.walks).not.toHaveBeenCalled();
    janitor.beat(PERIOD_MS);
    expect(janitor.walks).toHaveBeenCalled();
  });

  it('is done by the first node that can put runs into the line, or by the first of all', async () => {
    const { connection, keys, signer } = (await openRedisStore(redis.url)).parts;
    const times = { beatMs: 60_000, leaseMs: 120_000, logger: silentLogger };
    const nodes = ['a', 'b', 'c'].map((nodeId) => new Members({ connection, keys, nodeId, signer, ...times }));
    const info = { version: '1', draining: false, connections: 0, totalConnections: 0, totalMessages: 0, runs: 0 };
    const janitors = async (hasLine: boolean): Promise<boolean[]> => {
      for (let round = 0; round < 2; round++) {
        for (const [index, members] of nodes.entries()) await members.beat({ ...info, hasLine: hasLine && index > 0 });
      }
      return nodes.map(({ isJanitor }) => isJanitor);
    };
    expect(await janitors(false)).toEqual([true, false, false]);
    expect(await janitors(true)).toEqual([false, true, false]);
  });
});

describe.skipIf(missingRedis() !== '')(`A node that counts as dead${missingRedis()}`, () => {
  const INFO = { version: '1', draining: false, connections: 0, totalConnections: 0, totalMessages: 0, runs: 0 };
  // Dead as soon as two beats of another node have seen the same of it.
  const TIMES = { beatMs: 60_000, leaseMs: 0, logger: silentLogger };

  it.each([true, false])('loses its runs unless it has come back: %s', async (comesBack) => {
    const store = await openRedisStore(redis.url);
    const other = await openRedisStore(redis.url, { keyPrefix: store.parts.keys.prefix });
    const of = ({ parts: { connection, keys, node, signer } }: RedisStore): Members =>
      new Members({ connection, keys, nodeId: node, signer, ...TIMES });
    const [members, others] = [of(store), of(other)];
    await others.beat(INFO);
    await members.beat(INFO);
    const { dead } = await members.beat(INFO);
    expect(dead.map(({ id }) => id)).toEqual([other.parts.node]);
    expect(members.isGone(other.parts.node)).toBe(true);
    if (comesBack) await others.beat(INFO);
    const run = await claim(other, ASKED);
    expect(await members.stillGone([other.parts.node, store.parts.node])).toEqual(comesBack ? [] : [other.parts.node]);

    const lines: string[] = [];
    const reaper = new Reaper({
      connection: store.parts.connection,
      keys: store.parts.keys,
      nodeId: store.parts.node,
      members,
      facts: store.cluster.facts,
      logger: { ...silentLogger, warn: (_fields: unknown, line?: string) => void lines.push(line ?? '') },
      onAdopted: vi.fn(),
      onTurn: vi.fn(),
    });
    const forgotten = vi.spyOn(members, 'forget');
    reaper.see(dead);
    await vi.waitFor(() => expect(forgotten).toHaveBeenCalledOnce());
    await forgotten.mock.results[0]?.value;
    const { host } = (await openedBy(store, run)) ?? {};
    expect(host).toBe(comesBack ? other.parts.node : store.parts.node);
    await members.beat(INFO);
    expect(members.isGone(other.parts.node)).toBe(!comesBack);
    expect(lines).toEqual(comesBack ? [] : ['A node is dead: took over its runs']);
  });
});

/** A run as a node sees it that has neither read it nor executes it. */
async function openedBy({ parts }: RedisStore, { owner, id }: RunMeta) {
  const fresh = await openRedisStore(redis.url, { keyPrefix: parts.keys.prefix });
  return fresh.runs.open(owner, id);
}
