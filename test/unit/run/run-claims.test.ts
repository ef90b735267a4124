import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { RunManager, type RunMeta, type RunStore, type StoredRun } from '../../../src/index.js';
import { MemoryRunStore } from '../../../src/stores/memory/memory-run-store.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { createEngine } from './harness.js';

/** A database that answers whatever was asked at the same moment at the same moment. */
class BatchingStore {
  readonly memory = new MemoryRunStore();
  fails = false;
  /** Called where a claim is asked for. */
  onCreate: () => void = () => undefined;
  #batch: (() => void)[] = [];

  /** What it is in the place of a {@link RunStore}. */
  get store(): RunStore {
    const { memory } = this;
    return {
      epoch: memory.epoch,
      isDurable: false,
      create: (meta) => {
        this.onCreate();
        return this.#later(() => {
          if (this.fails) throw new Error('No disk');
          return memory.create(meta);
        });
      },
      open: (owner, id) => this.#later(() => memory.open(owner, id)),
      setState: (owner, id, state) => memory.setState(owner, id, state),
      keepDraft: () => undefined,
      list: () => [],
      unfinished: () => [],
      commit: () => this.#later(() => undefined),
      expire: () => undefined,
    };
  }

  #later<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#batch.length === 0) {
        setImmediate(() => {
          for (const answer of this.#batch.splice(0)) answer();
        });
      }
      // In a promise, so that work that throws rejects.
      this.#batch.push(() => resolve(new Promise((done) => done(work()))));
    });
  }
}

describe('Claims of a store that takes its time', () => {
  it('of one id at the same moment are one run, which both read', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const provider = createScriptedProvider(['one ', gate, 'two']);
    const engine = createEngine({ store: new BatchingStore().store, provider });
    const [a, b] = [engine.connect(), engine.connect()];
    const request = { type: 'streaming_query', query: 'q', run_id: randomUUID(), on_disconnect: 'cancel' };
    a.send(request);
    b.send(request);
    await vi.waitFor(() => expect([a, b].map((peer) => peer.ofType('stream_chunk').length)).toEqual([1, 1]));
    expect([...engine.runs].map(({ readers }) => readers.size)).toEqual([2]);
    // Who leaves does not end what the other reads.
    a.connection.terminate();
    open();
    await vi.waitFor(() => expect(b.ofType('stream_end')).toHaveLength(1));
    expect(provider.calls).toHaveLength(1);
  });

  it('that fail hold up nobody who drains', async () => {
    const store = new BatchingStore();
    store.fails = true;
    const engine = createEngine({ store: store.store });
    const asked = new Promise<void>((resolve) => (store.onCreate = resolve));
    engine.connect().send({ type: 'streaming_query', query: 'q' });
    await asked;
    const late = 'it took all the time there was';
    expect(await Promise.race([engine.runs.drain(60_000), wait(20_000, late, { ref: false })])).toBeUndefined();
  }, 30_000);
});

it('A run of an earlier process is taken over once, also where somebody asks for it first', async () => {
  const left = new MemoryRunStore();
  const meta: RunMeta = { owner: 'u', id: randomUUID(), kind: 'streaming_query', requestHash: 'h', createdAt: 1 };
  left.create(meta);
  let answer: (runs: StoredRun[]) => void = () => undefined;
  const store: RunStore = Object.assign(Object.create(left) as RunStore, {
    unfinished: () => new Promise<StoredRun[]>((resolve) => (answer = resolve)),
    setState: left.setState.bind(left),
    open: left.open.bind(left),
    keepDraft: () => undefined,
    commit: () => undefined,
    expire: () => undefined,
  });
  const recover = vi.fn(() => Promise.resolve());
  const executor = { check: () => undefined, execute: () => Promise.reject(new Error('Not asked for')), recover };
  const runs = new RunManager({ store, executor, logger: false });
  const run = await runs.get({ id: 'u' }, meta.id);
  const found = left.open('u', meta.id);
  answer(found === undefined ? [] : [found]);
  await runs.recovering;
  await run?.ended;
  expect(recover).toHaveBeenCalledTimes(1);
  expect((await found?.log.read(0))?.map(({ type }) => type)).toEqual(['error']);
  await runs.drain(0);
});
