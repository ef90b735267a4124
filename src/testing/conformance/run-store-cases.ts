import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Claim, RunMeta, RunStore } from '../../store/run-store.js';
import type { ConformanceCase } from './conformance-case.js';
import { eventually } from './eventually.js';
import { create, endedRun, expire, ids, metaOf, text } from './run-samples.js';
import { runStoreShareCases } from './run-store-share-cases.js';
import { untilPublished } from './until-published.js';

/** The settings of the store of one case. */
export interface RunStoreSettings {
  /** How long the log of an ended run is kept, in milliseconds. */
  retainMs?: number;
  /** Maximum bytes of all ended runs together. */
  maxRetainedBytes?: number;
  /** How long the id of an ended run is remembered, in milliseconds. */
  rememberIdsMs?: number;
  /** Maximum number of remembered ids of ended runs. */
  maxRememberedIds?: number;
  /** The time of day, as Unix milliseconds. */
  clock: () => number;
}

const FINAL = ['finished', 'failed', 'cancelled', 'interrupted'] as const;
const OWNERS = ['__proto__', 'constructor', '', 'a b', '漢字', '\ud800', '\ud801', 'a', 'a\0', 'a\0b'];

/**
 * The requirements of a {@link RunStore}.
 * @param make - creates an empty store.
 */
export function runStoreCases(make: (settings: RunStoreSettings) => RunStore | Promise<RunStore>): ConformanceCase[] {
  /** Creates a store and its clock. */
  async function setUp(
    settings: Omit<RunStoreSettings, 'clock'> = {},
  ): Promise<{ store: RunStore; pass: (ms: number) => void }> {
    let at = 1_000_000;
    return { store: await make({ ...settings, clock: () => at }), pass: (ms) => void (at += ms) };
  }

  return [
    {
      name: 'has an identity of its own',
      run: async () => {
        const [{ store }, { store: other }] = [await setUp(), await setUp()];
        assert.match(store.epoch, /^[0-9a-f-]{36}$/);
        assert.notEqual(store.epoch, other.epoch);
      },
    },
    {
      name: 'claims an id once and gives the run to whoever asks again',
      run: async () => {
        const { store } = await setUp();
        const meta = metaOf();
        assert.equal((await store.create(meta)).status, 'created');
        const again = await store.create({ ...meta, requestHash: 'other' });
        assert(again.status === 'existing');
        assert.deepEqual(again.run.meta, meta);
        assert.equal(again.run.state, 'accepted');
        store.setState(meta.owner, meta.id, 'running');
        const run = await store.open(meta.owner, meta.id);
        assert.deepEqual(run?.meta, meta);
        assert.equal(run.state, 'running');
      },
    },
    {
      name: 'gives a run as it was made, during the run and after it',
      run: async () => {
        const { store } = await setUp();
        const metas: RunMeta[] = [
          { ...metaOf(), kind: 'agent_query', conversationId: 'talk' },
          { ...metaOf(), kind: 'tool_call', toolName: 'calculator' },
          { ...metaOf(), conversationId: '__proto__' },
          { ...metaOf(), conversationId: '\ud800 a\0b' },
        ];
        for (const meta of metas) await store.create(meta);
        for (const meta of metas) assert.deepEqual((await store.open(meta.owner, meta.id))?.meta, meta);
        for (const meta of metas) store.setState(meta.owner, meta.id, 'finished');
        await store.commit();
        for (const meta of metas) assert.deepEqual((await store.open(meta.owner, meta.id))?.meta, meta);
      },
    },
    {
      name: 'knows no run that never was',
      run: async () => {
        const { store } = await setUp();
        assert.equal(await store.open('ann', randomUUID()), undefined);
        store.setState('ann', randomUUID(), 'running');
        store.setState('ann', randomUUID(), 'finished');
        assert.deepEqual(await store.list('ann', 1_000), []);
        assert.deepEqual(await store.unfinished(), []);
      },
    },
    {
      name: 'keeps the runs of owners apart',
      run: async () => {
        const { store } = await setUp();
        const id = randomUUID();
        await store.create(metaOf(id, 'ann'));
        assert.equal(await store.open('bob', id), undefined);
        assert.equal((await store.create(metaOf(id, 'bob'))).status, 'created');
        store.setState('ann', id, 'finished');
        assert.equal((await store.open('bob', id))?.state, 'accepted');
        assert.equal((await store.list('ann', 1_000)).length, 1);
        assert.deepEqual(await store.list('nobody', 1_000), []);
      },
    },
    {
      name: 'lists the newest runs, ended or not, oldest first',
      run: async () => {
        const { store } = await setUp();
        const created = Array.from({ length: 6 }, () => randomUUID());
        for (const [index, id] of created.entries()) {
          await create(store, metaOf(id, 'ann'));
          if (index % 2 === 0) store.setState('ann', id, 'finished');
        }
        await store.commit();
        const newest = async (limit: number): Promise<string[]> =>
          (await store.list('ann', limit)).map(({ meta }) => meta.id);
        assert.deepEqual(await newest(6), created);
        assert.deepEqual(await newest(4), created.slice(2));
        assert.deepEqual(await newest(1), created.slice(5));
      },
    },
    ...OWNERS.map((owner) => ({
      name: `takes ${JSON.stringify(owner)} for an owner`,
      run: async () => {
        const { store } = await setUp();
        const meta = metaOf(randomUUID(), owner);
        for (const other of OWNERS) {
          if (other !== owner) await store.create(metaOf(randomUUID(), other));
        }
        assert.equal((await store.create(meta)).status, 'created');
        assert.deepEqual(await ids(store, owner), [meta.id]);
        store.setState(owner, meta.id, 'finished');
        await store.commit();
        assert.deepEqual(await ids(store, owner), [meta.id]);
        assert.deepEqual((await store.open(owner, meta.id))?.meta, meta);
      },
    })),
    {
      name: 'lists oldest first, ended or not',
      run: async () => {
        const { store, pass } = await setUp();
        const metas = Array.from({ length: 5 }, () => metaOf());
        for (const meta of metas) await store.create(meta);
        const order = metas.map(({ id }) => id);
        assert.deepEqual(await ids(store, 'ann'), order);
        for (const index of [3, 0]) {
          pass(1);
          store.setState('ann', order[index] ?? '', 'finished');
        }
        await store.commit();
        assert.deepEqual(await ids(store, 'ann'), order);
        assert.deepEqual(
          (await store.list('ann', 1_000)).map(({ state }) => state),
          ['finished', 'accepted', 'accepted', 'finished', 'accepted'],
        );
      },
    },
    ...FINAL.map((state) => ({
      name: `lets ${state} be the last state`,
      run: async () => {
        const { store } = await setUp();
        const meta = metaOf();
        await store.create(meta);
        store.setState(meta.owner, meta.id, state);
        store.setState(meta.owner, meta.id, 'running');
        assert.equal((await store.open(meta.owner, meta.id))?.state, state);
        await store.commit();
        store.setState(meta.owner, meta.id, 'running');
        assert.equal((await store.open(meta.owner, meta.id))?.state, state);
      },
    })),
    {
      name: 'keeps the checkpoint of the last call, and none of a run that ended',
      run: async () => {
        const { store } = await setUp();
        const meta = metaOf();
        await store.create(meta);
        const checkpoint = async (): Promise<string | undefined> => (await store.open(meta.owner, meta.id))?.checkpoint;
        assert.equal(await checkpoint(), undefined);
        store.setState(meta.owner, meta.id, 'waiting_approval', '{"step":1}');
        assert.equal(await checkpoint(), '{"step":1}');
        store.setState(meta.owner, meta.id, 'waiting_approval', '{"step":2}');
        assert.equal(await checkpoint(), '{"step":2}');
        store.setState(meta.owner, meta.id, 'running');
        assert.equal(await checkpoint(), undefined);
        store.setState(meta.owner, meta.id, 'waiting_approval', 'a\0b \ud800');
        assert.equal(await checkpoint(), 'a\0b \ud800');
        store.setState(meta.owner, meta.id, 'finished');
        assert.equal(await checkpoint(), undefined);
      },
    },
    {
      name: 'takes drafts, and does not mix them into the log',
      run: async () => {
        const { store } = await setUp();
        const meta = metaOf();
        const log = await create(store, meta);
        store.keepDraft(meta.owner, meta.id, 'a draft');
        store.keepDraft(meta.owner, randomUUID(), 'of no run');
        log.append({ type: 'stream_chunk', seq: 1, timestamp: 1, content: 'text' });
        await untilPublished(log, 1);
        assert.equal((await log.read(0)).length, 1);
        assert.equal(log.published, 1);
        store.setState(meta.owner, meta.id, 'finished');
        await store.commit();
        assert.equal((await store.open(meta.owner, meta.id))?.draft, '');
      },
    },
    {
      name: 'counts no ended run among the unfinished',
      run: async () => {
        const { store } = await setUp();
        for (const state of FINAL) {
          const meta = metaOf();
          await store.create(meta);
          store.setState(meta.owner, meta.id, state);
        }
        assert.deepEqual(await store.unfinished(), []);
        await store.commit();
        assert.deepEqual(await store.unfinished(), []);
      },
    },
    {
      name: 'gives the log of an ended run whole, from any position',
      run: async () => {
        const { store } = await setUp();
        const meta = metaOf();
        const log = await create(store, meta);
        const pieces = Array.from({ length: 200 }, (_, index) => `${index} 漢字 \ud83d`);
        for (const [index, content] of pieces.entries()) {
          log.append({ type: 'stream_chunk', seq: index + 1, timestamp: index, content });
        }
        const encoded = JSON.stringify({ type: 'stream_end', timestamp: 1, run_id: meta.id, seq: 201 });
        log.append({ type: 'stream_end', seq: 201, timestamp: 1, encoded });
        store.setState(meta.owner, meta.id, 'finished');
        await store.commit();
        const ended = (await store.open(meta.owner, meta.id))?.log;
        assert(ended !== undefined);
        await untilPublished(ended, 201);
        assert(ended.bytes > 1_000);
        for (let after = 0; after <= 201; after++) {
          let text = '';
          let position = after;
          while (position < ended.published) {
            for (const entry of await ended.read(position)) {
              assert.equal(entry.firstSeq, position + 1);
              position = entry.seq;
              const { content = '' } = JSON.parse(entry.encoded) as { content?: string };
              text += content;
            }
          }
          assert.equal(text, pieces.slice(after).join(''));
        }
      },
    },
    {
      name: 'keeps an ended log for retainMs and its id for longer',
      run: async () => {
        const { store, pass } = await setUp({ retainMs: 1_000, rememberIdsMs: 10_000 });
        const meta = metaOf();
        await endedRun(store, meta);
        pass(999);
        await expire(store);
        const log = (await store.open(meta.owner, meta.id))?.log;
        assert(log !== undefined);
        await untilPublished(log, 1);
        pass(2);
        await expire(store);
        assert.equal(await store.open(meta.owner, meta.id), undefined);
        assert.deepEqual(await store.list(meta.owner, 1_000), []);
        const { requestHash } = meta;
        assert.deepEqual(await store.create({ ...meta, requestHash: 'other' }), { status: 'expired', requestHash });
        pass(9_000);
        await expire(store);
        assert.equal((await store.create(meta)).status, 'created');
      },
    },
    {
      name: 'never drops a run in progress',
      run: async () => {
        const { store, pass } = await setUp({
          retainMs: 1,
          maxRetainedBytes: 1,
          rememberIdsMs: 1,
          maxRememberedIds: 0,
        });
        const meta = metaOf();
        (await create(store, meta)).append(text(10_000));
        pass(1e9);
        await expire(store);
        const log = (await store.open(meta.owner, meta.id))?.log;
        assert(log !== undefined);
        await untilPublished(log, 1);
      },
    },
    {
      name: 'drops the oldest ended logs over maxRetainedBytes',
      run: async () => {
        const { store } = await setUp({ maxRetainedBytes: 100_000 });
        const metas = Array.from({ length: 10 }, () => metaOf());
        for (const meta of metas) await endedRun(store, meta, 30_000);
        await expire(store);
        const kept: RunMeta[] = [];
        for (const meta of metas) if ((await store.open(meta.owner, meta.id)) !== undefined) kept.push(meta);
        assert(kept.length >= 2 && kept.length <= 3, `${kept.length} of them were kept`);
        assert.deepEqual(kept, metas.slice(-kept.length));
      },
    },
    {
      name: 'counts what a run costs besides its text',
      run: async () => {
        const { store } = await setUp({ maxRetainedBytes: 100_000 });
        for (let count = 0; count < 800; count++) await endedRun(store, metaOf(), 1);
        await eventually(async () => {
          await store.expire();
          assert((await store.list('ann', 1_000)).length < 400);
        });
      },
    },
    {
      name: 'remembers so many ids at most, the newest',
      run: async () => {
        const { store, pass } = await setUp({ retainMs: 0, maxRememberedIds: 3 });
        const metas = Array.from({ length: 6 }, () => metaOf());
        for (const meta of metas) {
          await endedRun(store, meta);
          pass(1);
        }
        await expire(store);
        const claims: Claim['status'][] = [];
        for (const meta of metas) claims.push((await store.create(meta)).status);
        assert.deepEqual(claims, ['created', 'created', 'created', 'expired', 'expired', 'expired']);
      },
    },
    {
      name: 'lets a reader finish a log that was dropped meanwhile, or fails its read, but never gives it nothing',
      run: async () => {
        const { store, pass } = await setUp({ retainMs: 1 });
        const meta = metaOf();
        await endedRun(store, meta);
        await store.commit();
        const log = (await store.open(meta.owner, meta.id))?.log;
        assert(log !== undefined);
        pass(10);
        await expire(store);
        const read = await Promise.resolve()
          .then(() => log.read(0))
          .catch(() => undefined);
        if (read !== undefined) assert.equal(read.length, 1);
      },
    },
    ...runStoreShareCases(setUp),
  ];
}
