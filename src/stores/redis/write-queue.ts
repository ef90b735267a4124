import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import { isFinal } from '../../store/run-state.js';
import type { RunMeta } from '../../store/run-store.js';
import { appended } from '../../runtime/appended.js';
import { CountedHistogram } from '../../runtime/counted-histogram.js';
import { Latch } from '../../runtime/latch.js';
import type { WriteSink } from './hosted-run.js';
import type { Keys } from './keys.js';
import { isFull, kindOfFault, PATIENCE_MS, unavailable } from './outage.js';
import type { RedisCalls } from './redis-calls.js';
import type { Reply } from './redis-client.js';
import { DONE, FENCED, GAP, GONE, OK, WRITE } from './scripts/write.js';
import { OperationWrite, type Lane, type Part, type Write, type WritingRun } from './write.js';
import { WriteCall } from './write-call.js';

/**
 * Most calls at the same time of one Redis, or of one partition of a Redis Cluster: what gathers meanwhile goes into the next
 * call.
 */
const MOST_CALLS = 4;
/** Most calls of all partitions at the same time. Those that fail do not count: other masters may answer. */
const MOST_IN_CLUSTER = 16;
/** Most waiting bytes before runs should wait, and before writes are refused. */
const FULL_BYTES = 16 * 1_048_576;
const MOST_BYTES = 64 * 1_048_576;
/** From an append in memory to the longest that callers wait, in milliseconds. */
const COMMIT_BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
/**
 * Most lanes that are kept though nothing waits in them. A `Map` that grows and shrinks all the time is costly: V8 makes its table
 * anew, and each table that is not used any more holds the next one until the next collection of the whole heap.
 */
const MOST_IDLE = 4_096;
/** Entries of a call. */
const ENTRIES_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Gets what the answers say. No method throws. */
export interface QueueListener {
  /** Other nodes want something of a run. */
  onFacts(run: WritingRun): void;
  /** A run is the first of its conversation now. */
  onTurn(meta: RunMeta): void;
  /** Another node executes the run, or it is lost though its partition is not. */
  onFenced(run: WritingRun): void;
  /** Redis has lost more of the run than can be written again. */
  onBroken(run: WritingRun): void;
  /** There is no such run; the epoch says whether there is still the same data. */
  onGone(run: WritingRun, epoch: string | undefined): void;
  /** The end of a run is written. */
  onEnded(run: WritingRun, payer: string): void;
}

/** Somebody who waits until everything so far is written. */
interface Waiter {
  readonly since: number;
  readonly reject: (error: unknown) => void;
}

/** Collects the writes of one turn of the event loop, of all runs, and sends them together until they are written. */
export class WriteQueue implements WriteSink {
  /** From the append of each entry to its publication, in milliseconds. */
  readonly commits = new CountedHistogram(COMMIT_BOUNDS_MS);
  /** Entries of each call that has any. */
  readonly entriesPerCall = new CountedHistogram(ENTRIES_BOUNDS);
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #node: string;
  readonly #listener: QueueListener;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with something to send: on Redis Cluster by partition, since a call is for one partition. */
  readonly #ready = new Map<string, Lane[]>();
  readonly #waiters = new Set<Waiter>();
  /** Runs that are asked about: however often that is wanted meanwhile, one answer says it. */
  readonly #checked = new WeakSet<WritingRun>();
  readonly #mostCalls: number;
  /** Lanes in which something waits or is sent. */
  #busy = 0;
  #bytes = 0;
  #resentEntries = 0;
  /** When this turn of the event loop pushed first, on the monotonic clock. */
  #turnAt = 0;
  /** Opened when less waits than may. */
  #room: Latch | undefined;
  /** Calls at this moment, besides those that fail; and all, by the partitions of {@link #ready}. */
  #inFlight = 0;
  readonly #callsOf = new Map<string, number>();
  #isScheduled = false;

  constructor(calls: RedisCalls, keys: Keys, node: string, listener: QueueListener) {
    this.#calls = calls;
    this.#keys = keys;
    this.#node = node;
    this.#listener = listener;
    this.#mostCalls = calls.connection.isCluster ? MOST_IN_CLUSTER : MOST_CALLS;
  }

  /** Memory of the waiting writes, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries that Redis had lost and that were written again. */
  get resentEntries(): number {
    return this.#resentEntries;
  }

  /** A promise of less that waits, if so much waits that nothing more should be made. */
  get room(): Promise<void> | undefined {
    if (this.#bytes <= FULL_BYTES) return undefined;
    this.#room ??= new Latch();
    return this.#room.opened;
  }

  pushBounded(owner: string, write: Write): void {
    if (this.#bytes + write.bytes > MOST_BYTES) {
      throw new AgentSocketError('store_unavailable', 'Too much waits to be written to Redis');
    }
    this.push(owner, write);
  }

  push(owner: string, write: Write): void {
    this.#bytes += write.bytes;
    let lane = this.#lanes.get(owner);
    if (lane === undefined) {
      // The base of an owner is a hash, which takes longer than the rest.
      const base = write.run?.base ?? this.#keys.baseOf(owner);
      lane = { owner, base, waiting: [], isSent: false, isSuspect: false };
      this.#lanes.set(owner, lane);
    }
    if (!isBusy(lane)) {
      this.#busy++;
      this.#makeReady(lane);
    }
    lane.waiting = appended(lane.waiting, write);
    this.#schedule();
    write.at = this.#turnAt;
  }

  /** Resolves when everything so far of an owner is written; `undefined` if it is. Rejects as {@link commit} does. */
  settled(owner: string): Promise<void> | undefined {
    const lane = this.#lanes.get(owner);
    return lane === undefined || !isBusy(lane) ? undefined : this.#waitFor([lane]);
  }

  /**
   * Resolves when everything so far is written.
   * @throws AgentSocketError `store_unavailable` if Redis does not answer for 5 s or has no room; what waits is written later
   */
  commit(): Promise<void> {
    return this.#busy === 0 ? Promise.resolve() : this.#waitFor([...this.#lanes.values()].filter(isBusy));
  }

  /** Asks whether Redis still has what was written of a run. */
  check(run: WritingRun): void {
    if (this.#checked.has(run)) return;
    this.#checked.add(run);
    const onAnswer = (): void => void this.#checked.delete(run);
    this.push(run.meta.owner, new OperationWrite(run, [], onAnswer, onAnswer));
  }

  #waitFor(lanes: readonly Lane[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { since: performance.now(), reject };
      this.#waiters.add(waiter);
      let left = lanes.length;
      const onWritten = (): void => {
        if (--left > 0) return;
        this.#waiters.delete(waiter);
        resolve();
      };
      for (const lane of lanes) this.push(lane.owner, new OperationWrite(undefined, [], onWritten, onWritten));
    });
  }

  #makeReady(lane: Lane): void {
    const group = this.#calls.connection.isCluster ? lane.base : '';
    const lanes = this.#ready.get(group);
    if (lanes === undefined) this.#ready.set(group, [lane]);
    else lanes.push(lane);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#turnAt = performance.now();
    setImmediate(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const [group, lanes] of this.#ready) {
      while (lanes.length > 0 && (this.#callsOf.get(group) ?? 0) < MOST_CALLS) {
        if (this.#inFlight >= this.#mostCalls) return;
        const call = new WriteCall(this.#node, lanes);
        if (call.entries > 0) this.entriesPerCall.add(call.entries);
        this.#inFlight++;
        this.#callsOf.set(group, (this.#callsOf.get(group) ?? 0) + 1);
        void this.#send(call).then((hasFailed) => {
          if (!hasFailed) this.#inFlight--;
          this.#callsOf.set(group, (this.#callsOf.get(group) ?? 0) - 1);
          this.#pump();
        });
      }
      if (lanes.length === 0) this.#ready.delete(group);
    }
  }

  /** Returns whether an attempt failed: the call does not count since then. */
  async #send(call: WriteCall): Promise<boolean> {
    const { outage } = this.#calls;
    let hasFailed = false;
    let answers: Reply = [];
    while (!call.isEmpty) {
      try {
        answers = await this.#calls.once(WRITE, call.base, call.args);
        outage.end(call.base);
        break;
      } catch (error) {
        if (kindOfFault(error) === 'wrong' || outage.isClosed) {
          this.#onWrong(call, error);
          return hasFailed;
        }
        outage.begin(call.base, error);
        this.#refuseWaiters(error);
        if (!hasFailed) {
          hasFailed = true;
          this.#inFlight--;
          this.#pump();
        }
        await outage.pause(call.base);
      }
    }
    try {
      this.#onAnswers(call, answers as readonly Reply[]);
    } catch (error) {
      // An answer that cannot be read: to send the call again would bring the same one.
      this.#onWrong(call, error);
    }
    return hasFailed;
  }

  #onAnswers(call: WriteCall, answers: readonly Reply[]): void {
    const again = new Map<Lane, Write[]>();
    const now = performance.now();
    let index = 0;
    for (const part of call.parts) {
      const answer = answers[index++] ?? [];
      if (typeof answer === 'number') {
        this.#onWritten(part, now);
        this.#onFacts(part, answer);
        continue;
      }
      const lost = this.#onAnswer(part, answer as readonly Reply[], now);
      if (lost.length > 0) again.set(part.lane, (again.get(part.lane) ?? []).concat(lost));
    }
    for (const { lane, write } of call.markers) {
      const writes = again.get(lane);
      if (writes === undefined) write.onWritten(undefined);
      else writes.push(write);
    }
    this.#release(call, again);
  }

  /** Takes the answer about a part where there is more to say than how many facts there are. Returns what has to be written again. */
  #onAnswer(part: Part, answer: readonly Reply[], now: number): readonly Write[] {
    const { run, writes, first } = part;
    const [status, facts, head, last, epoch, turn, payer, results] = answer;
    const listener = this.#listener;
    if (status === GAP && run !== undefined && !run.isOver) {
      const lost = run.takeLost(Number(head), Number(last), first);
      if (lost === undefined) {
        listener.onBroken(run);
        return [];
      }
      run.lastNumber = run.number = Number(last);
      for (const { seq } of lost) if (seq !== undefined) this.#resentEntries++;
      return lost.concat(writes);
    }
    if (status === FENCED && run !== undefined) listener.onFenced(run);
    if (status === GONE && run !== undefined) listener.onGone(run, typeof epoch === 'string' ? epoch : undefined);
    if (status !== OK && status !== DONE) {
      for (const write of writes) write.onFailed?.(new Error('Another node executes the run'));
      return [];
    }
    this.#onWritten(part, now, results as readonly Reply[] | null);
    if (run !== undefined && typeof payer === 'string') listener.onEnded(run, payer);
    this.#onFacts(part, Number(facts));
    if (typeof turn === 'string') listener.onTurn(JSON.parse(turn) as RunMeta);
    return [];
  }

  #onWritten({ run, writes, number }: Part, now: number, results?: readonly Reply[] | null): void {
    if (run !== undefined) {
      if (number !== undefined) run.lastNumber = number;
      const { published } = run.log;
      for (const { seq, at = now } of writes) {
        // What was written again after a loss has been published before.
        if (seq !== undefined && seq > published) this.commits.add(now - at);
      }
      run.keep(writes, now);
    }
    let result = 0;
    for (const write of writes) write.onWritten(write.args[0] === 'm' ? results?.[result++] : undefined);
  }

  #onFacts({ run }: Part, facts: number): void {
    // Counted as seen when they are read.
    if (run !== undefined && facts !== run.facts && !isFinal(run.state)) this.#listener.onFacts(run);
  }

  /** A call that can never be executed: the lane that it is for loses its writes, and no other. */
  #onWrong(call: WriteCall, error: unknown): void {
    const isOne = call.lanes.length === 1 || this.#calls.outage.isClosed;
    const again = new Map<Lane, Write[]>();
    const failed = new Set<WritingRun>();
    for (const lane of call.lanes) {
      lane.isSuspect = !isOne;
      if (!isOne) again.set(lane, call.writesOf(lane));
    }
    if (isOne) {
      for (const { run, writes } of call.parts) {
        if (run !== undefined) failed.add(run);
        for (const write of writes) write.onFailed?.(error);
      }
      for (const { write } of call.markers) write.onWritten(undefined);
      for (const lane of call.lanes) {
        // What follows a lost write would not make sense without it.
        const dropped = lane.waiting.filter(({ run }) => run !== undefined && failed.has(run));
        for (const write of dropped) this.#bytes -= write.bytes;
        lane.waiting = lane.waiting.filter(({ run }) => run === undefined || !failed.has(run));
      }
    }
    this.#release(call, again);
    for (const run of failed) {
      this.#checked.delete(run);
      run.fail(error);
    }
  }

  /** Lets the lanes of a call go on. */
  #release(call: WriteCall, again: ReadonlyMap<Lane, readonly Write[]>): void {
    this.#bytes -= call.bytes;
    for (const lane of call.lanes) {
      const writes = again.get(lane);
      if (writes !== undefined) {
        for (const { bytes } of writes) this.#bytes += bytes;
        lane.waiting = [...writes, ...lane.waiting];
      }
      lane.isSent = false;
      if (lane.waiting.length > 0) this.#makeReady(lane);
      else {
        lane.isSuspect = false;
        this.#busy--;
      }
    }
    if (this.#lanes.size - this.#busy > MOST_IDLE) this.#forgetIdle();
    if (this.#room === undefined || this.#bytes > FULL_BYTES) return;
    this.#room.open();
    this.#room = undefined;
  }

  #forgetIdle(): void {
    for (const [owner, lane] of this.#lanes) if (!isBusy(lane)) this.#lanes.delete(owner);
  }

  #refuseWaiters(error: unknown): void {
    const since = isFull(error) ? Infinity : performance.now() - PATIENCE_MS;
    for (const waiter of this.#waiters) {
      if (waiter.since > since) continue;
      this.#waiters.delete(waiter);
      waiter.reject(unavailable(error));
    }
  }
}

function isBusy({ waiting, isSent }: Lane): boolean {
  return isSent || waiting.length > 0;
}
