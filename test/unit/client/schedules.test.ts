import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAgentClient, type AgentClient, type ClientRun } from '../../../src/client/index.js';
import { FakeSocket } from './fake-socket.js';
import { seeds } from '../../helpers/schedules.js';

/** A log as the server has it; a reader's cursor says how much it was sent. */
interface ServerRun {
  readonly id: string;
  log: string[];
  isComplete: boolean;
  /** The end of the log was lost: it stands still until the client comes, or nobody could tell what it holds. */
  isCut: boolean;
}

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server whose network does what it likes, seen from one client. */
class Chaos {
  readonly runs = new Map<string, ServerRun>();
  readonly #random: () => number;
  #cursors = new Map<string, number>();
  #socket: FakeSocket | undefined;
  #read = 0;
  #pieces = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** Greets the newest connection, once. */
  accept(): void {
    if (FakeSocket.last === this.#socket || FakeSocket.last.readyState !== 0) return;
    this.#socket = FakeSocket.last;
    this.#cursors.clear();
    this.#read = 0;
    this.#socket.greet();
  }

  drop(): void {
    if (this.#socket?.readyState === 1) this.#socket.end(1006);
  }

  /** Deals with what the client sent. */
  work(): void {
    const socket = this.#socket;
    if (socket?.readyState !== 1) return;
    for (const message of socket.sent.slice(this.#read)) {
      this.#read++;
      const { type, run_id: id, request_id } = message as { type: string; run_id: string; request_id: string };
      const known = this.runs.get(id);
      if (type === 'streaming_query') {
        if (known === undefined) this.runs.set(id, { id, log: ['<0>'], isComplete: false, isCut: false });
        this.#cursors.set(id, 0);
        if (known === undefined) socket.say({ type: 'accepted', run_id: id, state: 'running', request_id });
        else this.#resumed(id, 0, known.log.length, request_id);
      } else if (type === 'resume' && known !== undefined) {
        const after = Number(message['after']);
        const isBeyond = after > known.log.length;
        known.isCut = false;
        this.#cursors.set(id, isBeyond ? 0 : after);
        this.#resumed(id, isBeyond ? 0 : after, known.log.length, request_id, isBeyond);
      }
    }
  }

  /** The model says something. */
  grow(run: ServerRun): void {
    if (!run.isComplete && !run.isCut) run.log.push(`<${++this.#pieces}>`);
  }

  /** What was sent last is lost, and the client with it: what it holds is more than there is. */
  lose(run: ServerRun): void {
    const isRead = (this.#cursors.get(run.id) ?? 0) === run.log.length;
    if (run.isComplete || !isRead) return;
    this.drop();
    run.isCut = true;
    run.log = run.log.slice(0, 1 + this.below(run.log.length - 1));
  }

  /** Sends some of what is there; `isFair` neither repeats nor leaves out. */
  pump(run: ServerRun, isFair: boolean): void {
    const socket = this.#socket;
    let cursor = this.#cursors.get(run.id);
    if (socket?.readyState !== 1 || cursor === undefined) return;
    while (cursor < run.log.length) {
      if (!isFair && this.chance(0.1)) return;
      const size = 1 + (this.chance(0.3) ? this.below(run.log.length - cursor) : 0);
      const pieces = run.log.slice(cursor, cursor + size);
      if (isFair || !this.chance(0.05)) this.#say(run, cursor, pieces);
      if (!isFair && this.chance(0.1)) this.#say(run, cursor, pieces);
      if (!isFair && this.chance(0.05)) this.#say(run, 0, run.log.slice(0, 1 + this.below(cursor + 1)));
      cursor += size;
      this.#cursors.set(run.id, cursor);
      // The client may have asked for something in between.
      const before = this.#read;
      this.work();
      if (this.#read !== before) cursor = this.#cursors.get(run.id) ?? cursor;
    }
    if (run.isComplete && isFair) socket.say({ type: 'stream_end', run_id: run.id, seq: run.log.length + 1 });
  }

  #say(run: ServerRun, from: number, pieces: readonly string[]): void {
    const seq = from + pieces.length;
    const first = pieces.length > 1 ? { first_seq: from + 1 } : {};
    this.#socket?.say({ type: 'stream_chunk', content: pieces.join(''), ...first, run_id: run.id, seq });
  }

  #resumed(id: string, after: number, head: number, requestId: string, reset?: boolean): void {
    const fields = { run_id: id, after, head, state: 'running', request_id: requestId };
    this.#socket?.say({ type: 'resumed', ...fields, ...(reset === true && { reset }) });
  }
}

let client: AgentClient;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.opened = [];
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
});

/** What somebody shows who listens to events only. */
async function shown(run: ClientRun): Promise<string> {
  let text = '';
  for await (const event of run) {
    if (event.type === 'reset') text = '';
    else if (event.type === 'text') text += event.text;
  }
  return text;
}

/** Whatever the network does: every piece once, in its order. */
async function play(seed: number): Promise<void> {
  const chaos = new Chaos(randomOf(seed));
  client = createAgentClient({ url: 'ws://localhost', WebSocket: FakeSocket, backoff: { baseMs: 1, capMs: 1 } });
  const runs = Array.from({ length: 1 + chaos.below(3) }, (_, i) => client.stream(`question ${i}`));
  const early = runs.map((run) => shown(run));
  const late: Promise<string>[] = [];

  for (let step = 0; step < 60; step++) {
    chaos.accept();
    if (chaos.chance(0.1)) chaos.drop();
    if (chaos.chance(0.8)) chaos.work();
    for (const run of chaos.runs.values()) {
      if (chaos.chance(0.7)) chaos.grow(run);
      if (chaos.chance(0.7)) chaos.pump(run, false);
      if (chaos.chance(0.03)) chaos.lose(run);
    }
    if (chaos.chance(0.05)) late.push(...runs.map((run) => shown(run)));
    await vi.advanceTimersByTimeAsync(chaos.below(3));
  }

  // At last the network is kind.
  chaos.drop();
  await vi.advanceTimersByTimeAsync(10);
  chaos.accept();
  chaos.work();
  for (const run of chaos.runs.values()) {
    run.isComplete = true;
    chaos.pump(run, true);
  }
  await vi.advanceTimersByTimeAsync(0);

  const expected = runs.map(({ id }) => chaos.runs.get(id)?.log.join(''));
  expect(runs.map(({ state }) => state)).toEqual(runs.map(() => 'finished'));
  expect(runs.map(({ text }) => text)).toEqual(expected);
  expect(await Promise.all(early)).toEqual(expected);
  expect(await Promise.all(late)).toEqual(late.map((_, i) => expected[i % runs.length]));
  expect(await Promise.all(runs.map((run) => shown(run)))).toEqual(expected);
}

it('applies every message once, whatever the network does', async () => {
  for (const seed of seeds(0, 500)) {
    FakeSocket.opened = [];
    await play(seed).catch((error: unknown) => {
      throw new Error(`Seed ${seed}`, { cause: error });
    });
    client.close();
  }
});
