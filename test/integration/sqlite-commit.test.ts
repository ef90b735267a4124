import { randomUUID } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import type { Logger } from '../../src/index.js';
import { untilPublished } from '../../src/testing/conformance/until-published.js';
import { chunk, createRun, metaOf, openStore, openWatchedStore, textOf } from '../helpers/sqlite.js';

const COMMIT = 'COMMIT';
const KEY = { owner: 'ann', id: 'talk' };

function message(content: string) {
  return { id: randomUUID(), role: 'user', content, runId: randomUUID(), createdAt: 1 } as const;
}

function spyLogger() {
  return { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() } satisfies Logger;
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it('publishes after commit, and wakes nobody before', async () => {
  const { store, statements } = await openWatchedStore();
  const log = createRun(store, metaOf(randomUUID()));
  const seen: string[] = [];
  log.onPublished(() => seen.push(`${log.published} after ${statements.filter((sql) => sql === COMMIT).length}`));
  log.append(chunk(1));
  log.append(chunk(2));
  expect(log.published).toBe(0);
  expect(log.read(0)).toEqual([]);
  await untilPublished(log, 2);
  expect(seen).toEqual(['1 after 1', '2 after 1']);
});

it('commits at once when it is asked to, and wakes nobody within the call', async () => {
  const { store, statements } = await openWatchedStore();
  const log = createRun(store, metaOf(randomUUID()));
  const wake = vi.fn();
  log.onPublished(wake);
  log.append(chunk(1));
  store.runs.commit();
  expect(statements.at(-1)).toBe(COMMIT);
  expect(wake).not.toHaveBeenCalled();
  expect(log.published).toBe(0);
  await untilPublished(log, 1);
  expect(wake).toHaveBeenCalledTimes(1);
});

it('makes one transaction of a turn of the event loop', async () => {
  const { store, statements } = await openWatchedStore();
  const logs = Array.from({ length: 50 }, () => createRun(store, metaOf(randomUUID())));
  for (const log of logs) for (let seq = 1; seq <= 10; seq++) log.append(chunk(seq));
  store.conversations.append(KEY, [message('a')]);
  await Promise.all(logs.map((log) => untilPublished(log, 10)));
  expect(statements.filter((sql) => sql === COMMIT)).toHaveLength(1);
  await turn();
  await turn();
  // Nothing to write, no transaction.
  expect(statements.filter((sql) => sql === COMMIT)).toHaveLength(1);
});

it('keeps the order of everything that is written', async () => {
  const { store, statements } = await openWatchedStore();
  const meta = metaOf(randomUUID());
  const log = createRun(store, meta);
  store.runs.keepDraft(meta.owner, meta.id, 'a draft');
  store.conversations.append(KEY, [message('answer')]);
  log.append(chunk(1));
  store.runs.setState(meta.owner, meta.id, 'finished');
  store.runs.commit();
  const tables = statements.map(
    (sql) => /^(?:BEGIN|COMMIT|(?:INSERT INTO|UPDATE|DELETE FROM) (?!shares|totals)\w+)/.exec(sql)?.[0],
  );
  expect(tables.filter((table) => table !== undefined)).toEqual([
    'BEGIN',
    'INSERT INTO runs',
    'INSERT INTO drafts',
    'INSERT INTO conversations',
    'INSERT INTO messages',
    'UPDATE conversations',
    'UPDATE conversations',
    'INSERT INTO entries',
    'UPDATE runs',
    'DELETE FROM drafts',
    'COMMIT',
  ]);
});

it('has committed a tool call when it may begin', async () => {
  const { store, statements } = await openWatchedStore();
  const log = createRun(store, metaOf(randomUUID()));
  log.append(chunk(1));
  expect(store.ledger.begin({ runKey: 'a', toolCallId: '1' })).toBeUndefined();
  expect(statements.at(-1)).toBe(COMMIT);
  // What was written before it went along.
  expect(statements.filter((sql) => sql.startsWith('INSERT INTO entries'))).toHaveLength(1);
});

it('publishes in order though a reader that is woken writes and commits', async () => {
  const { store } = await openWatchedStore();
  const [first, second] = [createRun(store, metaOf(randomUUID())), createRun(store, metaOf(randomUUID()))];
  const seen: string[] = [];
  first.onPublished(() => {
    seen.push(`first ${first.published}`);
    if (first.published > 1) return;
    second.append(chunk(2));
    store.runs.commit();
  });
  second.onPublished(() => seen.push(`second ${second.published}`));
  first.append(chunk(1));
  second.append(chunk(1));
  await untilPublished(second, 2);
  expect(seen).toEqual(['first 1', 'second 1', 'second 2']);
  expect(await textOf(second)).toBe('1 2 ');
});

it('publishes the rest though a reader throws', async () => {
  const logger = spyLogger();
  const { store } = await openWatchedStore({ logger });
  const [first, second] = [createRun(store, metaOf(randomUUID())), createRun(store, metaOf(randomUUID()))];
  first.onPublished(() => {
    throw new Error('a reader');
  });
  first.append(chunk(1));
  second.append(chunk(1));
  await untilPublished(second, 1);
  expect(first.published).toBe(1);
  expect(logger.error).toHaveBeenCalledTimes(1);
});

it.each(['BEGIN IMMEDIATE', 'INSERT INTO entries VALUES (?, ?, ?, ?, ?)', COMMIT])(
  'waits while the database takes nothing, and goes on where it was: %s',
  async (failing) => {
    const logger = spyLogger();
    const watched = await openWatchedStore({ logger });
    const { store } = watched;
    const log = createRun(store, metaOf(randomUUID()));
    log.append(chunk(1));
    await untilPublished(log, 1);
    let failures = 0;
    watched.fails = (sql) => sql === failing && ++failures > 0;
    log.append(chunk(2));
    await vi.waitFor(() => expect(failures).toBeGreaterThan(2));
    log.append(chunk(3));
    expect(log.published).toBe(1);
    expect(await textOf(log)).toBe('1 ');
    // Once, however often it is tried.
    expect(logger.error).toHaveBeenCalledTimes(1);
    expect(logger.info).not.toHaveBeenCalled();
    watched.fails = () => false;
    await untilPublished(log, 3);
    expect(await textOf(log)).toBe('1 2 3 ');
    expect(watched.database.number('SELECT count(*) FROM entries')).toBe(3);
    expect(logger.info).toHaveBeenCalledTimes(1);
    // The next outage is told again.
    watched.fails = (sql) => sql === failing;
    log.append(chunk(4));
    await vi.waitFor(() => expect(logger.error).toHaveBeenCalledTimes(2));
  },
);

it('tries less and less often, once a second at least', async () => {
  const watched = await openWatchedStore();
  const at: number[] = [];
  watched.fails = (sql) => sql === COMMIT && at.push(performance.now()) > 0;
  createRun(watched.store, metaOf(randomUUID())).append(chunk(1));
  await vi.waitFor(() => expect(at.length).toBe(5), { interval: 10 });
  const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  for (const [index, least] of [100, 200, 400, 800].entries()) expect(pauses[index]).toBeGreaterThan(least * 0.95);
  expect(pauses[0]).toBeLessThan(1_000);
});

it('refuses what cannot be made durable, and takes it back', async () => {
  const watched = await openWatchedStore();
  const { store } = watched;
  const key = { runKey: 'a', toolCallId: '1' };
  const log = createRun(store, metaOf(randomUUID()));
  watched.fails = (sql) => sql === COMMIT;
  log.append(chunk(1));
  expect(() => store.runs.commit()).toThrow('The database cannot be written');
  expect(() => store.ledger.begin(key)).toThrow('The database cannot be written');
  // Without waiting for the next attempt.
  expect(() => store.runs.commit()).toThrow('The database cannot be written');
  watched.fails = () => false;
  await untilPublished(log, 1);
  expect(store.ledger.begin(key)).toBeUndefined();
  expect(store.ledger.begin(key)).toBe('started');
});

it('frees the id of a run that could not be recorded', async () => {
  const watched = await openWatchedStore();
  const { store } = watched;
  const [meta, writing] = [metaOf(randomUUID()), metaOf(randomUUID())];
  watched.fails = (sql) => sql === COMMIT;
  const begun = createRun(store, writing);
  begun.append(chunk(1));
  const lost = createRun(store, meta);
  store.runs.setState(meta.owner, meta.id, 'queued');
  expect(() => store.runs.commit()).toThrow('The database cannot be written');
  expect(store.runs.open(meta.owner, meta.id)).toBeUndefined();
  expect(() => lost.append(chunk(1))).toThrow('The run could not be recorded');
  const again = createRun(store, meta);
  watched.fails = () => false;
  again.append(chunk(1));
  await Promise.all([untilPublished(begun, 1), untilPublished(again, 1)]);
  expect(store.runs.list('ann', 1_000).map((run) => run.meta.id)).toEqual([writing.id, meta.id]);
  expect(watched.database.number('SELECT count(*) FROM runs')).toBe(2);
  expect(store.runs.unfinished().map(({ state }) => state)).toEqual(['accepted', 'accepted']);
});

it('refuses output over 16 MiB that cannot be written, and takes more when it was', async () => {
  const watched = await openWatchedStore();
  const { store } = watched;
  const meta = metaOf(randomUUID());
  const log = createRun(store, meta);
  watched.fails = (sql) => sql === COMMIT;
  const content = 'x'.repeat(1_048_576);
  let seq = 0;
  const fill = () => {
    for (;;) log.append(chunk(++seq, content));
  };
  expect(fill).toThrow('The database cannot be written');
  expect(seq).toBeGreaterThan(14);
  expect(seq).toBeLessThan(18);
  expect(() => store.runs.keepDraft(meta.owner, meta.id, content)).toThrow('The database cannot be written');
  expect(() => store.conversations.append(KEY, [message(content)])).toThrow('The database cannot be written');
  // A run has to be able to end.
  store.runs.setState(meta.owner, meta.id, 'failed');
  watched.fails = () => false;
  // The refused entry left no hole.
  await untilPublished(log, seq - 1);
  log.append(chunk(seq, 'more'));
  await untilPublished(log, seq);
});

it('takes any amount that can be written', async () => {
  const { store } = await openWatchedStore();
  const log = createRun(store, metaOf(randomUUID()));
  for (let seq = 1; seq <= 40; seq++) log.append(chunk(seq, 'x'.repeat(1_048_576)));
  await untilPublished(log, 40);
});

it('refuses an entry that leaves a hole, which the database would refuse for ever', async () => {
  const { store } = await openWatchedStore();
  const log = createRun(store, metaOf(randomUUID()));
  log.append(chunk(1));
  expect(() => log.append(chunk(1))).toThrow('Entry 1 does not follow 1');
  expect(() => log.append(chunk(3))).toThrow('Entry 3 does not follow 1');
  log.append(chunk(2));
  await untilPublished(log, 2);
});

it('commits what is left when it is closed, and takes nothing more', async () => {
  const { store, statements } = await openWatchedStore();
  const log = createRun(store, metaOf(randomUUID()));
  log.append(chunk(1));
  await store.close();
  await store.close();
  expect(statements.filter((sql) => sql === COMMIT)).toHaveLength(1);
  expect(log.published).toBe(1);
  for (const write of [
    () => log.append(chunk(2)),
    () => store.runs.create(metaOf(randomUUID())),
    () => store.runs.commit(),
    () => store.ledger.begin({ runKey: 'a', toolCallId: '1' }),
    () => store.conversations.append(KEY, []),
  ])
    expect(write).toThrow('The store is closed');
});

it('says so where closing cannot commit, and lets go of the file', async () => {
  const watched = await openWatchedStore();
  createRun(watched.store, metaOf(randomUUID())).append(chunk(1));
  watched.fails = (sql) => sql === COMMIT;
  expect(() => watched.store.close()).toThrow('The database cannot be written');
  expect(() => watched.database.number('SELECT 1')).toThrow('The store is closed');
});

it('leaves out a change that the database refuses, and writes what comes before and after', async () => {
  const logger = spyLogger();
  let time = 1;
  const store = await openStore({ logger, clock: () => time });
  const read = (id: string) => store.conversations.read({ owner: 'ann', id }, { limit: 9 }).items;
  const log = createRun(store, metaOf(randomUUID()));
  log.append(chunk(1));
  for (const [id, at] of [
    ['before', 1],
    ['refused', NaN],
    ['after', 2],
  ] as const) {
    time = at;
    const attachments = [{ id: 'file', bytes: Buffer.from(id) }];
    store.conversations.append({ owner: 'ann', id }, [message(id)], attachments);
  }
  log.append(chunk(2));
  store.runs.commit();
  await untilPublished(log, 2);
  expect(store.isWritable).toBe(true);
  expect(['before', 'refused', 'after'].map((id) => read(id).length)).toEqual([1, 0, 1]);
  expect(store.conversations.attachment({ owner: 'ann', id: 'refused' }, 'file')).toBeUndefined();
  const logged = logger.error.mock.calls.map(([, text]) => String(text));
  expect(logged).toEqual(['The database refuses a change, which is left out']);

  // Whoever waits for the outcome is told.
  time = NaN;
  const change = { owner: 'ann', id: 'new' };
  expect(() => store.conversations.update(change, { title: 'Talk' })).toThrow('NOT NULL constraint failed');
  time = 3;
  store.conversations.update(change, { title: 'Talk' });
  expect(store.conversations.find(change)).toMatchObject({ title: 'Talk', updatedAt: 3 });
});

it('reports an outage once, also if nothing can expire meanwhile', async () => {
  const logger = spyLogger();
  const watched = await openWatchedStore({ logger });
  const { store } = watched;
  watched.fails = (sql) => sql === COMMIT;
  expect(() => store.conversations.update(KEY, { title: 'a' })).toThrow('The database cannot be written');
  const bounds = { maxEvents: 9, maxBytes: 9_000, maxAllBytes: 9_000, maxAgeMs: 9_000, maxRooms: 9 };
  store.rooms.expire(bounds);
  store.runs.expire();
  expect(logger.error).toHaveBeenCalledTimes(1);
});
