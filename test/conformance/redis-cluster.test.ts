import { createCluster } from '@redis/client';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisClientLike } from '../../src/stores/redis/redis-client.js';
import { Script } from '../../src/stores/redis/script.js';
import type { RedisStore } from '../../src/stores/redis/redis-store.js';
import {
  clusterCases,
  conversationStoreCases,
  roomStoreCases,
  runLogCases,
  runStoreCases,
  toolLedgerCases,
  type ConformanceCase,
} from '../../src/testing/index.js';
import { redisNodes } from '../helpers/cluster-nodes.js';
import { missingRedis, redisClusterOfFile } from '../helpers/redis.js';
import { createRun, openRedisStore } from '../helpers/redis-store.js';
import { IS_LONG } from '../helpers/schedules.js';
import { metaOf } from '../helpers/sqlite.js';

/**
 * The cases that every run plays, by suite: what a Redis Cluster can do otherwise than one Redis, that is to divide keys among
 * slots, to execute scripts and to publish in slots. Together they call every script that any case calls. One Redis plays all cases in every
 * run, and so does a Redis Cluster in the long tests: to open a store there takes a hundred times as long.
 */
const CASES: Readonly<Record<string, readonly string[]>> = {
  RunStore: [
    'lists the newest runs, ended or not, oldest first',
    'takes "\\ud800" for an owner',
    'counts no ended run among the unfinished',
    'remembers so many ids at most, the newest',
    'drops no log of an owner whose logs are smaller, whatever another owner runs',
  ],
  RunLog: [
    'wakes whoever asked whenever something is published, until they stop',
    'gives every position the same text, however it was cut',
  ],
  ToolLedger: [
    'settles a call and no other',
    'keeps calls and runs apart, whatever they are called',
    'forgets a run and no other',
  ],
  ConversationStore: [
    'finds a conversation and says what it is',
    'lists the conversation used last first, page by page',
    'deletes a conversation and no other, and takes its id again',
    'keeps owners and ids apart, whatever they are called',
    'knows no message of another conversation',
    'selects the branch a message lies on, to its newest end',
    'keeps attachments apart from messages, byte by byte',
    'removes what an owner changed longest ago over the bound of one owner',
  ],
  RoomStore: [
    'wakes readers of what is published, and leaves out those that are gone',
    'is one log for all who open the room, and continues it after a close',
    'keeps rooms apart, whatever they are called',
    'deletes closed rooms that are too old or too many, and begins them anew',
  ],
  Cluster: [
    'shows a run of one node to the others, its entries as they are published',
    'brings decisions to the host; the first one of each call counts',
    'tells the host which nodes read a run, and how',
    'gives the runs of a dead node to one of the others, and refuses what it writes later',
    'tells every node an event, in one order',
    'tells whoever watches a conversation of runs that others create there',
    'takes turns in a conversation on all nodes',
  ],
};

/** Scripts that no case calls: for members of rooms, and for what becomes of faults. */
const OTHERS = ['take_run', 'detach', 'waiting', 'forget_room_nodes', 'tell_members', 'expel_member', 'read_members'];

/** Folder of the scripts. */
const SCRIPTS = new URL('../../src/stores/redis/scripts/', import.meta.url);

describe.skipIf(missingRedis() !== '')(`in a Redis Cluster${missingRedis()}`, () => {
  const { servers } = redisClusterOfFile(3, { user: true });
  const url = (): string => servers[0]?.url ?? '';
  // A client makes classes with all commands of Redis, and its copies share them: to open an address takes ten times as long.
  let template: RedisClientLike | undefined;
  const client = (): RedisClientLike => (template ??= clientOf(url()));
  const open = (settings: object = {}) => openRedisStore(client(), settings);

  const run = vi.spyOn(Script.prototype, 'run');
  afterAll(() => run.mockRestore());

  play(
    'RunStore',
    runStoreCases(async (settings) => (await open(settings)).runs),
  );
  let ofCase: Promise<RedisStore> | undefined;
  beforeEach(() => (ofCase = undefined));
  play(
    'RunLog',
    runLogCases(async (runId) => createRun(await (ofCase ??= open()), metaOf(runId, randomUUID()))),
  );
  play(
    'ToolLedger',
    toolLedgerCases(async () => (await open()).ledger),
  );
  play(
    'ConversationStore',
    conversationStoreCases(async (settings) => (await open(settings)).conversations),
  );
  play(
    'RoomStore',
    roomStoreCases(async (clock) => (await open({ clock })).rooms),
  );
  // With each beat, a node writes to each of its 128 channels.
  play(
    'Cluster',
    clusterCases(() => redisNodes(client(), { beatMs: 500, leaseMs: 2_500 })),
  );

  it('is found by the address of one of its members', async () => {
    const keyPrefix = `test-${randomUUID()}`;
    const [a, b] = [await openRedisStore(url(), { keyPrefix }), await open({ keyPrefix })];
    const meta = metaOf(randomUUID(), 'ann');
    await createRun(a, meta);
    await a.runs.commit();
    expect((await b.runs.open(meta.owner, meta.id))?.meta).toEqual(meta);
  });

  it('has called every script', async () => {
    const modules = await Promise.all(
      readdirSync(SCRIPTS).map(async (file) => (await import(new URL(file, SCRIPTS).href)) as object),
    );
    const scripts = modules
      .flatMap((module) => Object.values(module) as unknown[])
      .filter((it) => it instanceof Script);
    const called = new Set(run.mock.contexts);
    const uncalled = scripts.filter((script) => !called.has(script)).map(({ name }) => name);
    expect(uncalled.filter((name) => !OTHERS.includes(name))).toEqual([]);
    expect(scripts.length).toBeGreaterThan(30);
  });
});

/** Plays the cases of a suite; outside of the long tests those that {@link CASES} names. */
function play(suite: string, cases: readonly ConformanceCase[]): void {
  const chosen = CASES[suite] ?? [];
  const names = cases.map(({ name }) => name);
  for (const name of chosen) if (!names.includes(name)) throw new Error(`There is no case "${name}"`);
  describe(suite, () => {
    for (const { name, run } of cases) it.skipIf(!IS_LONG && !chosen.includes(name))(name, run);
  });
}

/** A client of the Redis Cluster that an address with user and password is a member of. */
function clientOf(url: string): RedisClientLike {
  const { username, password } = new URL(url);
  return createCluster({
    rootNodes: [{ url }],
    defaults: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  });
}
