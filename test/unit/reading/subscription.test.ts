import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { RunLog } from '../../../src/index.js';
import { MemoryRunLog } from '../../../src/stores/memory/memory-run-log.js';
import { RunReaders } from '../../../src/log/run-readers.js';
import { Subscription, type Readable } from '../../../src/reading/subscription.js';
import { toEntries } from '../../../src/testing/conformance/run-log-cases.js';
import { AsyncRunLog } from '../run/async-log.js';
import { createEngine, type Peer, type Wire } from '../run/harness.js';
import { cases } from '../../helpers/schedules.js';

const RUN = '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class FakeRun implements Readable {
  readonly id = RUN;
  readonly isOver = false;
  readonly readers = new RunReaders();
  constructor(readonly log: RunLog) {}
  get head(): number {
    return this.log.published;
  }
}

type Piece = Parameters<typeof toEntries>[0][number];

/** The log of a finished run. */
function entriesOf(pieces: readonly Piece[]): ReturnType<typeof toEntries> {
  const seq = pieces.length + 1;
  const timestamp = 1_000 + seq / 8;
  const encoded = JSON.stringify({ type: 'stream_end', timestamp, run_id: RUN, seq });
  return [...toEntries(pieces), { type: 'stream_end', seq, timestamp, encoded }];
}

/** Checks what one reader got from a position on, and returns its text. */
function checkReplay(messages: readonly Wire[], after: number, head: number): string {
  let position = after;
  let text = '';
  for (const message of messages) {
    const { seq, first_seq: first = seq, content } = message;
    expect(first).toBe(position + 1);
    position = Number(seq);
    if (typeof content === 'string') text += content;
  }
  expect(position).toBe(head);
  return text;
}

const textOf = (pieces: readonly Piece[]): string =>
  pieces.map((one) => ('content' in one ? one.content : '')).join('');

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant('write' as const) },
  { weight: 2, arbitrary: fc.constant('pause' as const) },
  { weight: 2, arbitrary: fc.constant('resume' as const) },
  { weight: 2, arbitrary: fc.constant('turn' as const) },
);
const scheduleOf = fc.record({
  pieces: fc.array(
    fc.oneof(
      fc.record({
        type: fc.constantFrom('stream_chunk' as const, 'stream_reasoning' as const),
        content: fc.string({ minLength: 1, maxLength: 200 }),
      }),
      fc.record({ type: fc.constant('status' as const) }),
    ),
    { minLength: 1, maxLength: 40 },
  ),
  steps: fc.array(step, { maxLength: 80 }),
  attachAt: fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }),
  afters: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
  mark: fc.constantFrom(1, 100, 300, 5_000),
});

describe.each([
  ['in memory', (): RunLog => new MemoryRunLog(RUN)],
  ['read in a microtask', (): RunLog => new AsyncRunLog(RUN, () => Promise.resolve())],
  ['read in a turn', (): RunLog => new AsyncRunLog(RUN, turn)],
])('Subscription to a log %s', (_name, makeLog) => {
  it('delivers everything once and in order, whatever the schedule', { timeout: 180_000 }, async () => {
    const engine = createEngine();
    await fc.assert(
      fc.asyncProperty(scheduleOf, async ({ pieces, steps, attachAt, afters, mark }) => {
        const entries = entriesOf(pieces);
        const run = new FakeRun(makeLog());
        const peers = attachAt.map(() => engine.connect({ mark }));
        const starts: number[] = [];
        let written = 0;
        const attach = (): void => {
          for (const [index, peer] of peers.entries()) {
            if (starts[index] !== undefined || (attachAt[index] ?? 0) > written) continue;
            // Never behind the end: such a reader would wait for ever.
            const after = (afters[index] ?? 0) % Math.min(written + 1, entries.length);
            starts[index] = after;
            new Subscription(peer.connection, run, { after, onEnd: () => undefined });
          }
        };
        const write = (): void => {
          const entry = entries[written];
          if (entry === undefined) return;
          written++;
          run.log.append(entry);
        };
        for (const [index, one] of steps.entries()) {
          attach();
          const peer = peers[index % peers.length];
          if (one === 'write') write();
          else if (one === 'turn') await turn();
          else peer?.socket[one]();
        }
        while (written < entries.length) {
          attach();
          write();
        }
        attachAt.fill(0);
        attach();
        for (const peer of peers) peer.socket.resume();
        for (let i = 0; i < 500 && run.readers.size > 0; i++) await turn();
        await turn();
        expect(run.readers.size).toBe(0);
        expect(run.readers.lagging).toBe(0);
        for (const [index, peer] of peers.entries()) {
          const after = starts[index] ?? 0;
          const text = checkReplay(peer.inRuns, after, entries.length);
          expect(text).toBe(textOf(pieces.slice(after)));
          expect(peer.connection.readers.size).toBe(0);
          peer.connection.terminate();
        }
      }),
      cases(700),
    );
  });

  it('lags while its socket is full and no longer once it has caught up', async () => {
    const engine = createEngine();
    const run = new FakeRun(makeLog());
    const peer = engine.connect({ mark: 300 });
    await turn();
    peer.socket.pause();
    new Subscription(peer.connection, run, { after: 0, onEnd: () => undefined });
    for (const entry of toEntries(Array.from({ length: 20 }, () => ({ type: 'status' as const }))))
      run.log.append(entry);
    for (let i = 0; i < 20; i++) await turn();
    expect(run.readers.lagging).toBe(1);
    expect(peer.connection.bufferedAmount).toBeLessThan(600);
    peer.socket.resume();
    for (let i = 0; i < 200 && peer.inRuns.length < 20; i++) await turn();
    for (let i = 0; i < 5; i++) await turn();
    expect(peer.inRuns.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(run.readers.lagging).toBe(0);
  });

  it('goes back to another position when it is moved, from there on without hole', async () => {
    const engine = createEngine();
    const run = new FakeRun(makeLog());
    const entries = entriesOf([{ type: 'stream_chunk', content: 'a' }, { type: 'status' }, { type: 'status' }]);
    const peer = engine.connect();
    const subscription = new Subscription(peer.connection, run, { after: 0, onEnd: () => undefined });
    for (const entry of entries.slice(0, 3)) run.log.append(entry);
    for (let i = 0; i < 10; i++) await turn();
    expect(peer.inRuns.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    subscription.moveTo(1, 'again');
    for (const entry of entries.slice(3)) run.log.append(entry);
    for (let i = 0; i < 10; i++) await turn();
    expect(peer.inRuns.map(({ seq }) => seq)).toEqual([1, 2, 3, 2, 3, 4]);
    expect(peer.inRuns.map(({ request_id }) => request_id)).toEqual([
      undefined,
      undefined,
      undefined,
      'again',
      undefined,
      undefined,
    ]);
  });

  it('ends when the connection goes, and is told so once', async () => {
    const engine = createEngine();
    const run = new FakeRun(makeLog());
    const peer = engine.connect();
    let ends = 0;
    const subscription = new Subscription(peer.connection, run, { after: 0, onEnd: () => ends++ });
    const [entry] = toEntries([{ type: 'status' }]);
    if (entry !== undefined) run.log.append(entry);
    peer.connection.terminate();
    await subscription.ended;
    if (entry !== undefined) run.log.append({ ...entry, seq: 2 });
    for (let i = 0; i < 5; i++) await turn();
    expect(ends).toBe(1);
    expect(subscription.isOver).toBe(true);
  });
});

describe('Subscription to a log that is read in promises', () => {
  it('reads one thing at a time', async () => {
    const engine = createEngine();
    const log = new AsyncRunLog(RUN, turn);
    const run = new FakeRun(log);
    const peer = engine.connect();
    new Subscription(peer.connection, run, { after: 0, onEnd: () => undefined });
    for (const entry of toEntries(Array.from({ length: 100 }, () => ({ type: 'status' as const })))) log.append(entry);
    for (let i = 0; i < 200 && peer.inRuns.length < 100; i++) await turn();
    expect(peer.inRuns).toHaveLength(100);
    expect(log.mostAtOnce).toBe(1);
    expect(log.reads).toBeLessThan(10);
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('disk'))],
    [
      'throws',
      () => {
        throw new Error('disk');
      },
    ],
  ])('closes the connection with 1011 where a read %s, so that the client comes back', async (how, read) => {
    const engine = createEngine();
    const log = how === 'rejects' ? new AsyncRunLog(RUN, read) : new MemoryRunLog(RUN);
    if (how === 'throws') log.read = () => read() as never;
    const peer: Peer = engine.connect();
    const faults: unknown[] = [];
    let ends = 0;
    const subscription = new Subscription(peer.connection, new FakeRun(log), {
      after: 0,
      onEnd: () => ends++,
      onFault: (error) => void faults.push(error),
    });
    const [entry] = toEntries([{ type: 'status' }]);
    if (entry !== undefined) log.append(entry);
    await subscription.ended;
    await vi.waitFor(() => expect(peer.closes).toMatchObject([{ code: 1011 }]));
    expect(peer.inRuns).toEqual([]);
    expect(faults).toMatchObject([{ message: 'disk' }]);
    expect(ends).toBe(1);
  });
});
