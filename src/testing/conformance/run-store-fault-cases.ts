import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { RunEntry, RunLog } from '../../log/run-log.js';
import type { RunMeta, RunStore } from '../../store/run-store.js';
import type { ConformanceCase } from './conformance-case.js';
import { untilPublished } from './until-published.js';

/** A store whose database can be made to fail. */
export interface BreakableStore {
  readonly store: RunStore;
  /** Makes every later operation of the database fail, or succeed again. */
  readonly fail: (isFailing: boolean) => void;
}

/** How long a store may take to notice that its database works again, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * The requirements of a {@link RunStore} whose database may fail.
 * @param make - creates an empty store that works.
 */
export function runStoreFaultCases(make: () => BreakableStore | Promise<BreakableStore>): ConformanceCase[] {
  return [
    {
      name: 'says so where it cannot claim an id, and leaves it free',
      run: async () => {
        const { store, fail } = await make();
        const meta = metaOf();
        fail(true);
        await assert.rejects(claim(store, meta));
        fail(false);
        const log = await patiently(() => claim(store, meta));
        log.append(chunk(1));
        await untilPublished(log, 1);
        assert.deepEqual((await store.open(meta.owner, meta.id))?.meta, meta);
      },
    },
    {
      name: 'says so where it cannot commit, for as long as it cannot',
      run: async () => {
        const { store, fail } = await make();
        const meta = metaOf();
        const log = await claim(store, meta);
        fail(true);
        log.append(chunk(1));
        await assert.rejects(commit(store));
        fail(false);
        await patiently(() => commit(store));
        await untilPublished(log, log.head);
      },
    },
    {
      name: 'publishes nothing it cannot commit: what a log took is kept for later, or taken back and told',
      run: async () => {
        const { store, fail } = await make();
        const log = await claim(store, metaOf());
        const failures: unknown[] = [];
        log.onFailed?.((error) => {
          failures.push(error);
          assert.equal(log.head, log.published);
        });
        log.append(chunk(1));
        await untilPublished(log, 1);
        fail(true);
        log.append(chunk(2));
        log.append(chunk(3));
        await commit(store).catch(() => undefined);
        assert.equal(log.published, 1);
        fail(false);
        await patiently(() => commit(store));
        if (failures.length === 0) await untilPublished(log, 3);
        else {
          assert.equal(failures.length, 1);
          assert.equal(log.published, 1);
          log.append(chunk(2));
          await untilPublished(log, 2);
        }
        const entries = await log.read(1);
        assert.equal(entries[0]?.firstSeq, 2);
        assert.equal(entries.at(-1)?.seq, log.published);
      },
    },
    {
      name: 'lets a run whose writes were lost end',
      run: async () => {
        const { store, fail } = await make();
        const meta = metaOf();
        const log = await claim(store, meta);
        log.onFailed?.(() => undefined);
        fail(true);
        log.append(chunk(1));
        store.setState(meta.owner, meta.id, 'finished');
        await commit(store).catch(() => undefined);
        fail(false);
        await patiently(() => commit(store));
        const isLost = log.head === 0;
        if (isLost) log.append(chunk(1));
        store.setState(meta.owner, meta.id, 'failed');
        await store.commit();
        await untilPublished(log, 1);
        assert.equal((await store.open(meta.owner, meta.id))?.state, isLost ? 'failed' : 'finished');
        assert.deepEqual(await store.unfinished(), []);
      },
    },
  ];
}

function metaOf(): RunMeta {
  const id = randomUUID();
  return { owner: 'ann', id, kind: 'streaming_query', requestHash: `hash of ${id}`, createdAt: 1 };
}

function chunk(seq: number): RunEntry {
  return { type: 'stream_chunk', seq, timestamp: 1, content: `${seq} ` };
}

async function claim(store: RunStore, meta: RunMeta): Promise<RunLog> {
  const claimed = await store.create(meta);
  assert(claimed.status === 'created');
  await store.commit();
  return claimed.log;
}

/** Commits; rejects whether the store throws or rejects. */
async function commit(store: RunStore): Promise<void> {
  await store.commit();
}

/** Tries until it works: a store may pause after a failure of its database. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
