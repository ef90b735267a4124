import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RunEntry, RunMeta, RunStore } from '../../src/index.js';

/** What a store is made with for a test. */
export interface StoreSettings {
  retainMs?: number;
  maxRetainedBytes?: number;
  rememberIdsMs?: number;
  maxRememberedIds?: number;
  clock: () => number;
}

const FINAL = ['finished', 'failed', 'cancelled', 'interrupted'] as const;

function metaOf(id: string = randomUUID(), owner = 'ann'): RunMeta {
  return { owner, id, kind: 'streaming_query', requestHash: `hash of ${id}`, createdAt: 1 };
}

function text(seq: number, length: number): RunEntry {
  return { type: 'stream_chunk', seq, timestamp: 1, content: 'x'.repeat(length) };
}

/** What every {@link RunStore} has to do. */
export function runStoreSuite(name: string, makeStore: (settings: StoreSettings) => RunStore): void {
  /** A store and its clock. */
  function setUp(settings: Omit<StoreSettings, 'clock'> = {}): { store: RunStore; pass: (ms: number) => void } {
    let at = 1_000_000;
    return { store: makeStore({ ...settings, clock: () => at }), pass: (ms) => void (at += ms) };
  }

  /** A run that wrote `bytes` and ended. */
  function endedRun(store: RunStore, meta: RunMeta, bytes = 10): void {
    const claim = store.create(meta);
    if (claim.status === 'created') claim.log.append(text(1, bytes));
    store.setState(meta.owner, meta.id, 'finished');
  }

  describe(`RunStore: ${name}`, () => {
    it('has an identity of its own', () => {
      expect(setUp().store.epoch).toMatch(/^[0-9a-f-]{36}$/);
      expect(setUp().store.epoch).not.toBe(setUp().store.epoch);
    });

    it('claims an id once and gives the run to whoever asks again', () => {
      const { store } = setUp();
      const meta = metaOf();
      const claim = store.create(meta);
      expect(claim.status).toBe('created');
      const again = store.create({ ...meta, requestHash: 'other' });
      expect(again).toMatchObject({ status: 'existing', run: { meta, state: 'accepted' } });
      store.setState(meta.owner, meta.id, 'running');
      expect(store.open(meta.owner, meta.id)).toMatchObject({ meta, state: 'running' });
    });

    it('keeps the runs of owners apart', () => {
      const { store } = setUp();
      const id = randomUUID();
      store.create(metaOf(id, 'ann'));
      expect(store.open('bob', id)).toBeUndefined();
      expect(store.create(metaOf(id, 'bob')).status).toBe('created');
      store.setState('ann', id, 'finished');
      expect(store.open('bob', id)?.state).toBe('accepted');
      expect(store.list('ann')).toHaveLength(1);
      expect(store.list('nobody')).toEqual([]);
    });

    it.each(['__proto__', 'constructor', '', 'a b'])('takes %j for an owner', (owner) => {
      const { store } = setUp();
      const meta = metaOf(randomUUID(), owner);
      expect(store.create(meta).status).toBe('created');
      expect(store.list(owner).map((run) => run.meta.id)).toEqual([meta.id]);
    });

    it('lists oldest first', () => {
      const { store } = setUp();
      const metas = [metaOf(), metaOf(), metaOf()];
      for (const meta of metas) store.create(meta);
      expect(store.list('ann').map((run) => run.meta.id)).toEqual(metas.map(({ id }) => id));
    });

    it.each(FINAL)('lets %s be the last state', (state) => {
      const { store } = setUp();
      const meta = metaOf();
      store.create(meta);
      store.setState(meta.owner, meta.id, state);
      store.setState(meta.owner, meta.id, 'running');
      expect(store.open(meta.owner, meta.id)?.state).toBe(state);
    });

    it('keeps an ended log for retainMs and its id for longer', () => {
      const { store, pass } = setUp({ retainMs: 1_000, rememberIdsMs: 10_000 });
      const meta = metaOf();
      endedRun(store, meta);
      pass(999);
      store.expire();
      expect(store.open(meta.owner, meta.id)?.log.published).toBe(1);
      pass(2);
      store.expire();
      expect(store.open(meta.owner, meta.id)).toBeUndefined();
      expect(store.list(meta.owner)).toEqual([]);
      expect(store.create({ ...meta, requestHash: 'other' })).toEqual({
        status: 'expired',
        requestHash: meta.requestHash,
      });
      pass(9_000);
      store.expire();
      expect(store.create(meta).status).toBe('created');
    });

    it('never drops a run in progress', () => {
      const { store, pass } = setUp({ retainMs: 1, maxRetainedBytes: 1, rememberIdsMs: 1, maxRememberedIds: 0 });
      const meta = metaOf();
      const claim = store.create(meta);
      if (claim.status === 'created') claim.log.append(text(1, 10_000));
      pass(1e9);
      store.expire();
      expect(store.open(meta.owner, meta.id)?.log.published).toBe(1);
    });

    it('drops the oldest ended logs over maxRetainedBytes', () => {
      const { store } = setUp({ maxRetainedBytes: 100_000 });
      const metas = Array.from({ length: 10 }, () => metaOf());
      for (const meta of metas) endedRun(store, meta, 30_000);
      const kept = metas.filter(({ owner, id }) => store.open(owner, id) !== undefined);
      expect(kept.length).toBeGreaterThanOrEqual(2);
      expect(kept.length).toBeLessThanOrEqual(3);
      expect(kept).toEqual(metas.slice(-kept.length));
    });

    it('counts what a run costs besides its text', () => {
      const { store } = setUp({ maxRetainedBytes: 100_000 });
      const metas = Array.from({ length: 5_000 }, () => metaOf());
      for (const meta of metas) endedRun(store, meta, 1);
      expect(store.list('ann').length).toBeLessThan(200);
    });

    it('remembers so many ids at most, the newest', () => {
      const { store, pass } = setUp({ retainMs: 0, maxRememberedIds: 3 });
      const metas = Array.from({ length: 6 }, () => metaOf());
      for (const meta of metas) {
        endedRun(store, meta);
        pass(1);
      }
      store.expire();
      expect(metas.map((meta) => store.create(meta).status)).toEqual([
        'created',
        'created',
        'created',
        'expired',
        'expired',
        'expired',
      ]);
    });

    it('lets a reader finish a log that was dropped meanwhile', async () => {
      const { store, pass } = setUp({ retainMs: 1 });
      const meta = metaOf();
      endedRun(store, meta);
      const log = store.open(meta.owner, meta.id)?.log;
      pass(10);
      store.expire();
      expect(await log?.read(0)).toHaveLength(1);
    });
  });
}
