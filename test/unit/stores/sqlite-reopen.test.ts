import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { StoredRun } from '../../../src/index.js';
import { untilPublished } from '../../../src/testing/conformance/until-published.js';
import {
  chunk,
  createRun,
  leftBy,
  metaOf,
  openStore,
  openWatchedStore,
  temporaryDatabase,
  textOf,
} from '../../helpers/sqlite.js';

const KEY = { owner: 'ann', id: 'talk' };

function message(content: string) {
  return { id: randomUUID(), role: 'user', content, runId: randomUUID(), createdAt: 1 } as const;
}

function only(runs: readonly StoredRun[]): StoredRun {
  const [run, ...others] = runs;
  if (run === undefined || others.length > 0) throw new Error(`${runs.length} runs instead of one`);
  return run;
}

it('keeps its identity and everything else', async () => {
  const path = temporaryDatabase();
  const first = await openStore({ path });
  const meta = { ...metaOf(randomUUID()), conversationId: 'talk' };
  const log = createRun(first, meta);
  for (let seq = 1; seq <= 100; seq++) log.append(chunk(seq));
  first.runs.setState(meta.owner, meta.id, 'finished');
  const question = message('a');
  const messages = [question, { ...message('\ud800\0'), parentId: question.id }];
  first.conversations.append(KEY, messages);
  first.conversations.update(KEY, { title: 'Talk', metadata: { a: 1 } });
  const info = first.conversations.find(KEY);
  first.ledger.begin({ runKey: 'a', toolCallId: '1' });
  first.ledger.begin({ runKey: 'a', toolCallId: '2' });
  first.ledger.settle({ runKey: 'a', toolCallId: '2' });
  const { epoch } = first.runs;
  await first.close();

  const store = await openStore({ path });
  expect(store.runs.epoch).toBe(epoch);
  const run = only(store.runs.list('ann', 1_000));
  expect(run.meta).toEqual(meta);
  expect(run.state).toBe('finished');
  expect(run.log.published).toBe(100);
  expect(await textOf(run.log, 97)).toBe('98 99 100 ');
  expect(() => run.log.append(chunk(101))).toThrow('The run is over');
  expect(store.runs.unfinished()).toEqual([]);
  expect(store.runs.create(meta).status).toBe('existing');
  expect(store.conversations.find(KEY)).toEqual(info);
  expect(store.conversations.read(KEY, { limit: 9 })).toEqual({ items: messages, hasMore: false });
  expect(store.ledger.begin({ runKey: 'a', toolCallId: '1' })).toBe('started');
  expect(store.ledger.begin({ runKey: 'a', toolCallId: '2' })).toBe('settled');
  expect(store.ledger.begin({ runKey: 'a', toolCallId: '3' })).toBeUndefined();
});

it('gives back the runs that were not finished, to go on with', async () => {
  const path = temporaryDatabase();
  const first = await openStore({ path });
  const meta = metaOf(randomUUID());
  const ended = metaOf(randomUUID());
  createRun(first, ended);
  first.runs.setState(ended.owner, ended.id, 'failed');
  const before = createRun(first, meta);
  for (let seq = 1; seq <= 50; seq++) before.append(chunk(seq));
  first.runs.keepDraft(meta.owner, meta.id, 'half a \ud83d');
  first.runs.keepDraft(meta.owner, meta.id, '\ude00 draft\0');
  first.runs.setState(meta.owner, meta.id, 'waiting_approval', '{"step":3}\0');
  await first.close();

  const second = await openStore({ path });
  const run = only(second.runs.unfinished());
  expect(run.meta).toEqual(meta);
  expect(run.state).toBe('waiting_approval');
  expect(run.checkpoint).toBe('{"step":3}\0');
  expect(run.draft).toBe('half a 😀 draft\0');
  expect(run.log.published).toBe(50);
  expect(run.log.bytes).toBeGreaterThan(50);
  expect(second.runs.open(meta.owner, meta.id)).toBe(run);
  const claim = second.runs.create(meta);
  expect(claim.status === 'existing' && claim.run).toBe(run);

  const wake = vi.fn();
  run.log.onPublished(wake);
  expect(() => run.log.append(chunk(50))).toThrow('Entry 50 does not follow 50');
  for (let seq = 51; seq <= 60; seq++) run.log.append(chunk(seq));
  second.runs.commit();
  // What is committed and not published is not to be read, old as the rest may be.
  expect((await run.log.read(10)).at(-1)?.seq).toBe(50);
  await untilPublished(run.log, 60);
  expect(wake).toHaveBeenCalled();
  const whole = Array.from({ length: 60 }, (_, index) => `${index + 1} `);
  for (let after = 0; after <= 60; after++) expect(await textOf(run.log, after)).toBe(whole.slice(after).join(''));

  second.runs.setState(meta.owner, meta.id, 'interrupted');
  expect(second.runs.unfinished()).toEqual([]);
  await second.close();

  const third = await openStore({ path });
  expect(third.runs.unfinished()).toEqual([]);
  expect(third.runs.list('ann', 1_000).map(({ state }) => state)).toEqual(['failed', 'interrupted']);
  const again = third.runs.open(meta.owner, meta.id);
  expect(again?.draft).toBe('');
  expect(again?.checkpoint).toBeUndefined();
  expect(again && (await textOf(again.log))).toBe(whole.join(''));
});

it('numbers new runs after the old ones', async () => {
  const path = temporaryDatabase();
  const first = await openStore({ path });
  const metas = Array.from({ length: 4 }, () => metaOf(randomUUID()));
  for (const meta of metas.slice(0, 2)) createRun(first, meta);
  first.runs.setState('ann', metas[1]?.id ?? '', 'finished');
  await first.close();
  const second = await openStore({ path });
  for (const meta of metas.slice(2)) createRun(second, meta);
  expect(second.runs.list('ann', 1_000).map(({ meta }) => meta.id)).toEqual(metas.map(({ id }) => id));
});

it('goes on counting what is retained and remembered', async () => {
  // Every step takes as long as it needs, however busy the machine is.
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const path = temporaryDatabase();
  let at = 1_000_000;
  const options = { path, retainMs: 1_000, maxRetainedBytes: 10_000, maxRememberedIds: 2, clock: () => at };
  const metas = Array.from({ length: 8 }, () => metaOf(randomUUID()));
  for (const meta of metas) {
    const store = await openStore(options);
    createRun(store, meta).append(chunk(1, 'x'.repeat(4_000)));
    store.runs.setState(meta.owner, meta.id, 'finished');
    store.runs.expire();
    await store.close();
    at++;
  }
  const store = await openStore(options);
  expect(store.runs.list('ann', 1_000).map(({ meta }) => meta.id)).toEqual(metas.slice(-2).map(({ id }) => id));
  const claims = metas.map((meta) => store.runs.create(meta).status);
  expect(claims).toEqual(['created', 'created', 'created', 'created', 'expired', 'expired', 'existing', 'existing']);
});

it('deletes what it dropped by and by, even after it was closed in between', async () => {
  const path = temporaryDatabase();
  let at = Date.now() - 2_000;
  const options = { path, retainMs: 1_000, clock: () => at };
  const first = await openStore(options);
  const metas = Array.from({ length: 10 }, () => metaOf(randomUUID()));
  for (const meta of metas) {
    const log = createRun(first, meta);
    for (let seq = 1; seq <= 5_000; seq++) log.append(chunk(seq));
    first.runs.setState(meta.owner, meta.id, 'finished');
  }
  first.runs.commit();
  const reading = first.runs.open('ann', metas[9]?.id ?? '')?.log;
  at += 2_000;
  // Gone first for everybody, though the rows are not. A busy machine takes more than one step for this, too.
  do first.runs.expire();
  while (first.runs.list('ann', 1_000).length > 0);
  // One step deletes for 5 ms, so the rest of the rows is left however fast the machine is.
  const left = leftBy(path);
  await first.close();

  const { store, database } = await openWatchedStore({ path: left });
  const rows = () => database.number('SELECT count(*) FROM entries');
  expect(rows()).toBeGreaterThan(0);
  store.runs.expire();
  // One call brings on as many steps as it takes.
  await vi.waitFor(() => expect(rows()).toBe(0));
  expect(() => reading?.read(0)).toThrow();
  expect(store.runs.create(metas[0] ?? metaOf('')).status).toBe('expired');
});
