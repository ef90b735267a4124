import { randomUUID } from 'node:crypto';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { RunEntry, RunLog, StoredRun } from '../../../../src/index.js';
import { FaultProxy } from '../../../../src/testing/index.js';
import { messageOf } from '../../../../src/testing/conformance/conversation-samples.js';
import { createRandom } from '../../../../src/testing/random.js';
import { hashOf, runHash } from '../../../../src/stores/redis/keys.js';
import { PARTITIONS } from '../../../../src/stores/redis/partitions.js';
import { RedisShares } from '../../../../src/stores/redis/redis-shares.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { missingRedis, redisOfFile, startRedis } from '../../../helpers/redis.js';
import { createRun, keysOf, LogReading, openRedisStore, remember } from '../../../helpers/redis-store.js';
import { seeds } from '../../../helpers/schedules.js';
import { metaOf } from '../../../helpers/sqlite.js';

const chunk = (seq: number): RunEntry => ({ type: 'stream_chunk', seq, timestamp: seq, content: `${seq} ` });

/** The text of the first entries of a log. */
function textTo(last: number): string {
  let text = '';
  for (let seq = 1; seq <= last; seq++) text += `${seq} `;
  return text;
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** What a run is told, besides its log. */
function listen(store: RedisStore): { fenced: StoredRun[]; orphans: StoredRun[]; facts: StoredRun[] } {
  const told = { fenced: [] as StoredRun[], orphans: [] as StoredRun[], facts: [] as StoredRun[] };
  store.parts.hooks = {
    ...store.parts.hooks,
    onFenced: (run) => void told.fenced.push(run),
    onOrphan: (run) => void told.orphans.push(run),
    onFacts: (run) => void told.facts.push(run),
  };
  return told;
}

/** Sends a command. */
function send(store: RedisStore, ...args: [string, string, ...(string | Buffer)[]]): Promise<unknown> {
  return store.parts.connection.send(args[1], args);
}

async function appendTo(log: RunLog, last: number): Promise<void> {
  for (let seq = log.head + 1; seq <= last; seq++) log.append(chunk(seq));
  await vi.waitFor(() => expect(log.published).toBe(last));
}

describe.skipIf(missingRedis() !== '')(`writes to Redis${missingRedis()}`, () => {
  const redis = redisOfFile();

  /** A store and another with the same keys. */
  async function openTwo(): Promise<[RedisStore, RedisStore]> {
    const keyPrefix = `test-${randomUUID()}`;
    return [await openRedisStore(redis.url, { keyPrefix }), await openRedisStore(redis.url, { keyPrefix })];
  }

  it('refuses what a node writes that is no longer the host, and tells it so once', async () => {
    const [old, other] = await openTwo();
    const { fenced } = listen(old);
    const meta = metaOf(randomUUID());
    const log = await createRun(old, meta);
    await appendTo(log, 3);
    const place = other.cluster.facts.placeOf(meta.owner, meta.id);
    expect(await other.cluster.facts.adopt([place], old.parts.node, other.parts.node)).toHaveLength(1);
    log.append(chunk(4));
    old.runs.setState(meta.owner, meta.id, 'running', 'a checkpoint');
    old.runs.keepDraft(meta.owner, meta.id, 'a draft');
    await old.runs.commit();
    log.append(chunk(5));
    old.runs.setState(meta.owner, meta.id, 'finished');
    await old.runs.commit();
    expect(fenced.map((run) => run.meta)).toEqual([meta]);
    expect(log.published).toBe(3);
    await expect(old.ledger.begin({ runKey: `${meta.id} ${meta.owner}`, toolCallId: 'a' })).rejects.toThrow(
      'Another node executes the run',
    );
    const run = await old.runs.open(meta.owner, meta.id);
    expect(run).toMatchObject({ state: 'accepted', host: other.parts.node });
    expect(run?.checkpoint).toBeUndefined();
    expect(run?.log.published).toBe(3);
  });

  it('writes again what Redis has lost, and nothing twice', async () => {
    const store = await openRedisStore(redis.url);
    const told = listen(store);
    const meta = metaOf(randomUUID());
    const log = await createRun(store, meta);
    await appendTo(log, 10);
    const restore = await remember(store, meta);
    store.runs.setState(meta.owner, meta.id, 'waiting_approval', 'where it waits');
    await appendTo(log, 50);
    await restore();
    await appendTo(log, 51);
    const { resentEntries, commits } = store.cluster.counts;
    expect(resentEntries).toBe(40);
    expect(sum(commits.counts)).toBe(51);
    expect(told.fenced).toEqual([]);
    const [record, stream] = keysOf(store, meta);
    expect(await send(store, 'XLEN', stream)).toBe(51);
    expect(await send(store, 'HGET', record, 'checkpoint')).toBe('"where it waits"');
    expect(await new LogReading(log).until(51)).toBe(textTo(51));
    store.runs.setState(meta.owner, meta.id, 'finished');
    await store.runs.commit();
    const ended = await store.runs.open(meta.owner, meta.id);
    expect(await new LogReading(ended?.log ?? log).until(51)).toBe(textTo(51));
  });

  it('writes again what Redis loses again and again, also while it is written again', { timeout: 60_000 }, async () => {
    const store = await openRedisStore(redis.url);
    for (const seed of seeds(1, 20)) await playLosses(store, seed);
    expect(store.cluster.counts.resentEntries).toBeGreaterThan(0);
  });

  it('writes everything of more owners than it keeps in mind', async () => {
    const store = await openRedisStore(redis.url);
    const metas = Array.from({ length: 4_500 }, (_, index) => ({ ...metaOf(randomUUID()), owner: `owner ${index}` }));
    const logs = await Promise.all(metas.map((meta) => createRun(store, meta)));
    for (let seq = 1; seq <= 3; seq++) {
      for (const log of logs) log.append(chunk(seq));
      // Most of them are done, and were forgotten, while some are busy.
      while (logs.filter(({ published }) => published === seq).length < 4_200) await setImmediate();
      await store.runs.commit();
      expect(logs.filter(({ published }) => published < seq)).toEqual([]);
    }
    const lengths = await Promise.all(metas.map((meta) => send(store, 'XLEN', keysOf(store, meta)[1])));
    expect(new Set(lengths)).toEqual(new Set([3]));
    expect(store.cluster.counts.resentEntries).toBe(0);
  });

  it('finds out that the end of a run is lost, though nothing follows it', async () => {
    const store = await openRedisStore(redis.url);
    const meta = metaOf(randomUUID());
    const log = await createRun(store, meta);
    await appendTo(log, 2);
    const restore = await remember(store, meta);
    await appendTo(log, 3);
    store.runs.setState(meta.owner, meta.id, 'finished');
    await store.runs.commit();
    await restore();
    // The connection is closed from outside, as a Redis that ends does.
    const [record] = keysOf(store, meta);
    const admin = await store.parts.connection.another();
    await admin.send(record, ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    admin.close();
    await vi.waitFor(async () => expect(await send(store, 'HGET', record, 'state')).toBe('finished'));
    expect((await store.runs.open(meta.owner, meta.id))?.log.published).toBe(3);
  });

  it('gives a run up, and has it ended, if Redis has lost more than is kept', async () => {
    const store = await openRedisStore(redis.url);
    const told = listen(store);
    const meta = metaOf(randomUUID());
    const log = await createRun(store, meta);
    await appendTo(log, 2);
    const restore = await remember(store, meta);
    await appendTo(log, 5);
    store.parts.hosted.get(runHash(meta.owner, meta.id))?.takeLost(0, 0, undefined);
    await restore();
    log.append(chunk(6));
    await vi.waitFor(() => expect(told.orphans).toHaveLength(1));
    expect(told.fenced.map((run) => run.log)).toEqual([log]);
    const [orphan] = told.orphans;
    expect(orphan?.log.published).toBe(2);
    orphan?.log.append(chunk(3));
    store.runs.setState(meta.owner, meta.id, 'interrupted');
    await store.runs.commit();
    expect((await store.runs.open(meta.owner, meta.id))?.state).toBe('interrupted');
  });

  it('gives up a run that is gone, and says of a partition that it is lost', async () => {
    const store = await openRedisStore(redis.url);
    const { fenced } = listen(store);
    const lost: number[] = [];
    store.parts.hooks = { ...store.parts.hooks, onLost: (partition) => void lost.push(partition) };
    const meta = metaOf(randomUUID());
    const log = await createRun(store, meta);
    const [record, stream] = keysOf(store, meta);
    await send(store, 'DEL', record, stream);
    log.append(chunk(1));
    await vi.waitFor(() => expect(fenced).toHaveLength(1));
    expect(lost).toEqual([]);
    const epoch = store.runs.epochOf(meta.owner);
    const next = metaOf(randomUUID());
    const nextLog = await createRun(store, next);
    await send(store, 'DEL', `${store.parts.keys.baseOf(meta.owner)}epoch`, keysOf(store, next)[0]);
    nextLog.append(chunk(1));
    await vi.waitFor(() => expect(lost).toHaveLength(1));
    expect(store.runs.epochOf(meta.owner)).not.toBe(epoch);
  });

  it('loses only the writes of an owner whose write Redis can never execute', async () => {
    const store = await openRedisStore(redis.url);
    const [good, bad] = [metaOf(randomUUID(), 'good'), metaOf(randomUUID(), 'bad')];
    const logs = await Promise.all([good, bad].map((meta) => createRun(store, meta)));
    const failures: unknown[] = [];
    logs[1]?.onFailed?.((error) => failures.push(error));
    await send(store, 'SET', keysOf(store, bad)[1], 'not a log');
    for (const log of logs) for (let seq = 1; seq <= 3; seq++) log.append(chunk(seq));
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    await store.runs.commit();
    expect(logs.map(({ published, head }) => [published, head])).toEqual([
      [3, 3],
      [0, 0],
    ]);
  });

  it('does not repeat for ever a call whose answer it cannot take', async () => {
    const store = await openRedisStore(redis.url);
    const [good, bad] = [metaOf(randomUUID(), 'good'), metaOf(randomUUID(), 'bad')];
    const [goodLog, badLog] = await Promise.all([good, bad].map((meta) => createRun(store, meta)));
    const failures: unknown[] = [];
    badLog?.onFailed?.((error) => failures.push(error));
    const wrong = new Error('an answer that nobody expects');
    store.parts.hooks = {
      ...store.parts.hooks,
      onFacts(run) {
        if (run.meta.id === bad.id) throw wrong;
      },
    };
    // So that the answer has news of the run.
    const hosted = store.parts.hosted.get(runHash(bad.owner, bad.id));
    if (hosted !== undefined) hosted.facts = -1;
    for (const log of [goodLog, badLog]) log?.append(chunk(1));
    await vi.waitFor(() => expect(failures).toEqual([wrong]));
    goodLog?.append(chunk(2));
    await store.runs.commit();
    expect(goodLog?.published).toBe(2);
    // It was sent alone to find out whose writes were wrong, and is sent with others again.
    const { entriesPerCall } = store.cluster.counts;
    const otherLog = await createRun(store, metaOf(randomUUID(), 'other'));
    const calls = sum(entriesPerCall.counts);
    goodLog?.append(chunk(3));
    otherLog.append(chunk(1));
    await store.runs.commit();
    expect(sum(entriesPerCall.counts)).toBe(calls + 1);
  });

  it('frees the id of a claim if the commit fails, and keeps what has written', async () => {
    const server = await startRedis();
    const store = await openRedisStore(server.url);
    const [empty, used] = [metaOf(randomUUID()), metaOf(randomUUID())];
    await createRun(store, empty);
    const log = await createRun(store, used);
    await server.call('CONFIG', 'SET', 'maxmemory', '1');
    log.append(chunk(1));
    await expect(store.runs.commit()).rejects.toThrow('Redis does not answer');
    await server.call('CONFIG', 'SET', 'maxmemory', '0');
    expect((await store.runs.create(empty)).status).toBe('created');
    expect((await store.runs.create(used)).status).toBe('existing');
  });

  it('knows what each of many owners gets whose messages are written together', async () => {
    const store = await openRedisStore(redis.url);
    const { fenced } = listen(store);
    const charge = vi.spyOn(RedisShares.prototype, 'charge');
    // More than partitions: some of them are in one.
    const metas = Array.from({ length: PARTITIONS + 20 }, (_, index) => metaOf(randomUUID(), `owner ${index}`));
    const logs = await Promise.all(metas.map((meta) => createRun(store, meta)));
    for (const [index, { owner }] of metas.entries()) {
      store.conversations.append({ owner, id: 'c' }, [messageOf(`${index}`)]);
      logs[index]?.append(chunk(1));
    }
    await store.runs.commit();
    expect(fenced).toEqual([]);
    expect(logs.map(({ published }) => published)).toEqual(metas.map(() => 1));
    const charged = charge.mock.calls.map(([item, { payer }]) => [item.split(':')[1], payer]);
    expect(charged.sort()).toEqual(metas.map(({ owner }) => [hashOf(owner, 'c'), hashOf(owner)]).sort());
    charge.mockRestore();
  });

  it('asks runs to wait while Redis takes nothing, and lets them go on afterwards', async () => {
    const server = await startRedis();
    const store = await openRedisStore(server.url);
    const log = await createRun(store, metaOf('alice'));
    const content = 'x'.repeat(16_000);
    const append = (): void => log.append({ type: 'stream_chunk', seq: log.head + 1, timestamp: 1, content });
    append();
    expect(log.backpressure?.()).toBeUndefined();
    server.stop();
    for (let i = 0; i < 1_100; i++) append();
    const room = log.backpressure?.();
    expect(room).toBeInstanceOf(Promise);
    server.cont();
    await room;
    expect(log.backpressure?.()).toBeUndefined();
    await vi.waitFor(() => expect(log.published).toBe(1_101), { timeout: 30_000 });
  });

  it('writes everything once, however often the connection is cut', { timeout: 60_000 }, async () => {
    const proxy = await FaultProxy.start({ target: Number(new URL(redis.url).port) });
    try {
      const store = await openRedisStore(`redis://127.0.0.1:${proxy.port}`);
      for (const seed of seeds(1, 40)) await playCuts(store, proxy, seed);
    } finally {
      await proxy.close();
    }
  });
});

/** Writes a run whose last writes Redis loses at random moments. */
async function playLosses(store: RedisStore, seed: number): Promise<void> {
  const random = createRandom(seed);
  const meta = metaOf(randomUUID(), `loser ${seed}`);
  const log = await createRun(store, meta);
  // Entries of several kinds: small ones of which a call does not take all, and large ones that are soon too old for the tail.
  const sizes = Array.from({ length: 3 }, () => random.pick([1, 20, 3_000]));
  const entryOf = (seq: number): RunEntry =>
    seq % 7 === 0
      ? { type: 'status', seq, timestamp: seq, encoded: JSON.stringify({ at: seq }) }
      : { type: 'stream_chunk', seq, timestamp: seq, content: `${seq}`.padEnd(random.pick(sizes)) };
  const written: RunEntry[] = [];
  const add = (): void => {
    const entry = entryOf(log.head + 1);
    written.push(entry);
    log.append(entry);
  };
  add();
  await store.runs.commit();
  let restore = await remember(store, meta);
  for (let step = 0; step < 30; step++) {
    for (let i = random.int(0, 120); i > 0; i--) add();
    if (random.chance(0.3)) store.runs.setState(meta.owner, meta.id, 'running', `checkpoint ${step}`);
    if (random.chance(0.2)) restore = await remember(store, meta);
    if (random.chance(0.4)) await restore();
    if (random.chance(0.5)) await setImmediate();
  }
  await restore();
  add();
  store.runs.setState(meta.owner, meta.id, 'waiting_approval', 'the last checkpoint');
  await store.runs.commit();
  const [record, stream] = keysOf(store, meta);
  const stored = (await send(store, 'XRANGE', stream, '-', '+')) as [id: string, fields: string[]][];
  expect(stored.map(([id]) => id)).toEqual(written.map(({ seq }) => `${seq}-0`));
  const contents = stored.map(([, fields]) => (JSON.parse(fields[1] ?? '') as [string, number, unknown])[2]);
  expect(contents).toEqual(
    written.map((entry) => ('encoded' in entry ? (JSON.parse(entry.encoded) as unknown) : entry.content)),
  );
  expect(await send(store, 'HGET', record, 'checkpoint')).toBe('"the last checkpoint"');
  expect(log.published).toBe(written.length);
}

/** Writes several runs of a few owners while the connection is cut at random moments. */
async function playCuts(store: RedisStore, proxy: FaultProxy, seed: number): Promise<void> {
  const random = createRandom(seed);
  const metas = Array.from({ length: 6 }, (_, index) => metaOf(randomUUID(), `owner ${index % 3}`));
  const logs = await Promise.all(metas.map((meta) => createRun(store, meta)));
  const conversation = { owner: 'owner 0', id: `talk ${seed}` };
  let said = 0;
  for (let step = 0; step < 60; step++) {
    for (const log of logs) if (random.chance(0.7)) log.append(chunk(log.head + 1));
    if (random.chance(0.3)) {
      const [meta] = metas;
      const runId = meta?.id ?? '';
      const message = { id: randomUUID(), role: 'user', content: `${++said}`, runId, createdAt: 1 } as const;
      store.conversations.append(conversation, [message]);
    }
    if (random.chance(0.1)) proxy.cutAll(random.pick(['rst', 'fin']));
    await (random.chance(0.7) ? setImmediate() : pause(random.int(0, 3)));
  }
  for (const { owner, id } of metas) store.runs.setState(owner, id, 'finished');
  await store.runs.commit();
  for (const [index, { owner, id }] of metas.entries()) {
    const run = await store.runs.open(owner, id);
    const last = logs[index]?.head ?? 0;
    expect(run).toMatchObject({ state: 'finished' });
    expect(run?.log.published).toBe(last);
    if (run !== undefined && last > 0) expect(await new LogReading(run.log).until(last)).toBe(textTo(last));
  }
  expect((await store.conversations.find(conversation))?.messages ?? 0).toBe(said);
}
