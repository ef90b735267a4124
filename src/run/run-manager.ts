import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import { checkNumber, MAX_DELAY_MS } from '../errors/check-number.js';
import { TypedEmitter } from '../events/typed-emitter.js';
import type { Logger } from '../logging/logger.js';
import type { RunRequest } from '../protocol/client-messages.js';
import { Coalescer } from './coalescer.js';
import { MemoryRunStore } from './memory-run-store.js';
import { hashRequest } from './request-hash.js';
import { runKey } from './run-key.js';
import { isFinal } from './run-state.js';
import type { RunStore, StoredRun } from './run-store.js';
import type { RunMessage } from './run-message.js';
import { Run, type RunOwner, type StopCause } from './run.js';
import { Subscription, type Readable } from './subscription.js';
import { Tombstones } from './tombstones.js';
import { within } from './within.js';

/** Does the work of runs. */
export interface RunExecutor {
  /** Refuses a request before it becomes a run, by throwing an `AgentSocketError`. */
  check(request: RunRequest): void;
  /** Writes to the run and resolves to its terminal message; a rejection ends the run with an error. */
  execute(run: Run, request: RunRequest): Promise<RunMessage>;
}

/** What {@link RunManager} takes. */
export interface RunManagerOptions {
  /** Does the work of the runs. */
  executor: RunExecutor;
  /**
   * Runs in progress that one connection started or reads; one more gets `too_many_runs`.
   * @default 16
   */
  maxRunsPerConnection?: number | undefined;
  /**
   * How long a run may last, in milliseconds; then it is cancelled with reason `max_duration`.
   * @default 600000
   */
  maxRunMs?: number | undefined;
  /**
   * Encoded output of one run, in bytes; over it the run ends with `output_too_large`.
   * @default 16777216
   */
  maxRunBytes?: number | undefined;
  /**
   * Encoded output of all runs in progress, in bytes; over it new ones get `too_many_runs` and the largest ends with `output_too_large`.
   * @default 268435456
   */
  maxLogBytes?: number | undefined;
  /**
   * Under load, the least time between two chunks of a run, in milliseconds; text that arrives between them travels together.
   * @default 35
   */
  coalesceMs?: number | undefined;
  /**
   * Where run logs are kept.
   * @default a new `MemoryRunStore`
   */
  store?: RunStore | undefined;
  /** @default silent */
  logger?: Logger | undefined;
}

/** Events of a {@link RunManager}. */
export interface RunEvents {
  /** A run was accepted. */
  start: [run: Run];
  /** Its terminal message is in the log: see `run.state`. */
  end: [run: Run];
}

/** What a request came to. */
export type Acceptance =
  /** A new run: subscribe, then `begin` it. */
  | { readonly status: 'created'; readonly run: Run; begin(): void }
  /** The id belongs to a run that was asked for before with the same content; nothing is executed. */
  | { readonly status: 'existing'; readonly run: Run | StoredRun };

/** What a cancel came to. */
export interface Cancellation {
  readonly outcome: 'cancelled' | 'already_finished' | 'nothing_running';
  /** The runs it stopped. */
  readonly runIds: string[];
}

/** How often runs that last too long and logs that are too old are looked for. */
const SWEEP_MS = 1_000;

/** The runs of a server: claims their ids, starts, stops and bounds them, and lets connections read them. */
export class RunManager extends TypedEmitter<RunEvents> implements RunOwner, Iterable<Run> {
  readonly store: RunStore;
  readonly coalescer: Coalescer;
  readonly maxRunsPerConnection: number;
  readonly #options: { executor: RunExecutor; maxRunMs: number; maxRunBytes: number; maxLogBytes: number };
  readonly #live = new Map<string, Run>();
  readonly #subscriptions = new WeakMap<Connection, Map<string, Subscription>>();
  readonly #tombstones = new Tombstones();
  readonly #sweep: NodeJS.Timeout;
  #liveBytes = 0;
  #draining = false;

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: RunManagerOptions) {
    super(options.logger);
    const { maxRunsPerConnection = 16, maxRunMs = 600_000, coalesceMs = 35 } = options;
    const { maxRunBytes = 16_777_216, maxLogBytes = 268_435_456 } = options;
    this.maxRunsPerConnection = checkNumber('maxRunsPerConnection', maxRunsPerConnection, { least: 1, integer: true });
    this.#options = {
      executor: options.executor,
      maxRunMs: checkNumber('maxRunMs', maxRunMs, { least: 1 }),
      maxRunBytes: checkNumber('maxRunBytes', maxRunBytes, { least: 1 }),
      maxLogBytes: checkNumber('maxLogBytes', maxLogBytes, { least: 1 }),
    };
    this.coalescer = new Coalescer(checkNumber('coalesceMs', coalesceMs, { least: 1, most: MAX_DELAY_MS }));
    this.store = options.store ?? new MemoryRunStore();
    this.#sweep = setInterval(() => this.#expire(), SWEEP_MS);
    this.#sweep.unref();
  }

  /** Runs in progress. */
  get size(): number {
    return this.#live.size;
  }

  [Symbol.iterator](): IterableIterator<Run> {
    return this.#live.values();
  }

  /** The run of this owner, in progress or kept for reading again. */
  get(principal: Principal, id: string): Run | StoredRun | undefined {
    return this.#live.get(runKey(principal.id, id)) ?? this.store.open(principal.id, id);
  }

  /**
   * Claims the id of a request, synchronously and in the order of the calls.
   * @throws AgentSocketError `too_many_runs`, `run_id_conflict`, `run_expired`, or what the executor's `check` throws;
   * the id is then as it was.
   */
  accept(connection: Connection, request: RunRequest): Acceptance {
    const { principal } = connection;
    const id = request.run_id ?? randomUUID();
    const requestHash = hashRequest(request);
    const known = this.get(principal, id);
    if (known !== undefined) return this.#repeat(connection, known, requestHash);
    this.#options.executor.check(request);
    if (this.#draining) throw new AgentSocketError('too_many_runs', 'The server is restarting and takes no new runs');
    this.#checkRoom(connection);
    if (this.#liveBytes >= this.#options.maxLogBytes) {
      throw new AgentSocketError('too_many_runs', 'The server holds as much output as it can; try again later');
    }
    const claim = this.store.create({
      owner: principal.id,
      id,
      kind: request.type,
      requestHash,
      createdAt: Date.now(),
    });
    if (claim.status === 'existing') return this.#repeat(connection, claim.run, requestHash);
    if (claim.status === 'expired') {
      if (claim.requestHash !== requestHash) throw conflict();
      throw new AgentSocketError(
        'run_expired',
        'A run with this id ended and its output is gone; it is not executed again',
      );
    }
    const run = new Run(id, request.type, principal, claim.log, this);
    const key = runKey(principal.id, id);
    this.#live.set(key, run);
    this.emit('start', run);
    const begin = (): void => {
      if (this.#tombstones.take(key)) run.stop({ state: 'cancelled', reason: 'requested' });
      else run.start(() => this.#options.executor.execute(run, request));
    };
    return { status: 'created', run, begin };
  }

  /**
   * Lets a connection read a run after a position: what is there first, then what comes, without a hole.
   * A connection reads a run once: asking again moves its position.
   */
  subscribe(connection: Connection, run: Run | StoredRun, after: number, requestId: string | undefined): Subscription {
    let ofConnection = this.#subscriptions.get(connection);
    if (ofConnection === undefined)
      this.#subscriptions.set(connection, (ofConnection = new Map<string, Subscription>()));
    const readable = run instanceof Run ? run : readStored(run);
    const subscriptions = ofConnection;
    const existing = subscriptions.get(readable.id);
    if (existing !== undefined) {
      existing.moveTo(after, requestId);
      return existing;
    }
    const subscription = new Subscription(connection, readable, {
      after,
      requestId,
      onEnd: () => {
        subscriptions.delete(readable.id);
        if (run instanceof Run) this.#onReaderLeft(run);
      },
      onFault: (error) => this.logger.error({ runId: readable.id.slice(0, 8), err: error }, 'A run log cannot be read'),
    });
    if (!subscription.isOver) subscriptions.set(readable.id, subscription);
    return subscription;
  }

  /**
   * Stops one run of the owner, or every run the connection reads, and waits until they are over and
   * the connection has been sent everything of them. An unknown id is remembered: the run that arrives within 60 s is cancelled.
   */
  async cancel(connection: Connection, id: string | undefined): Promise<Cancellation> {
    const { principal } = connection;
    const subscriptions = this.#subscriptions.get(connection);
    const known = id === undefined ? undefined : this.get(principal, id);
    if (id !== undefined && known === undefined) {
      this.#tombstones.add(runKey(principal.id, id));
      return { outcome: 'nothing_running', runIds: [] };
    }
    const reading = [...(subscriptions?.values() ?? [])].filter(({ run }) => id === undefined || run.id === id);
    const candidates = id === undefined ? reading.map(({ run }) => run) : [known];
    const runs = candidates.filter((run): run is Run => run instanceof Run && !run.isOver);
    for (const run of runs) {
      const subscription = subscriptions?.get(run.id);
      // A client of the documented core gets exactly one `cancelled` for its cancel: the reply.
      if (subscription !== undefined && !connection.negotiated) subscription.hidesCancelled = true;
      run.stop({ state: 'cancelled', reason: 'requested' });
    }
    // A reader that lags behind a run that is over is sent the rest of it before the reply as well.
    await Promise.all([...reading, ...runs].map(({ ended }) => ended));
    const runIds = runs.filter((run) => run.state === 'cancelled').map((run) => run.id);
    if (runIds.length > 0) return { outcome: 'cancelled', runIds };
    return { outcome: candidates.length === 0 ? 'nothing_running' : 'already_finished', runIds };
  }

  /**
   * Takes no new runs, waits until those in progress are over, for `ms` milliseconds at most, and interrupts the rest.
   */
  async drain(ms: number): Promise<void> {
    this.#draining = true;
    const all = Promise.all([...this.#live.values()].map((run) => run.ended));
    await within(ms, all);
    for (const run of this.#live.values()) run.stop({ state: 'interrupted' });
    await all;
    clearInterval(this.#sweep);
  }

  /** Called by a run. */
  onAppended(run: Run, bytes: number): void {
    this.#liveBytes += bytes;
    if (run.isOver) return;
    if (run.bytes > this.#options.maxRunBytes) {
      run.stop(tooLarge(`The output of the run is larger than ${this.#options.maxRunBytes} bytes`));
    } else if (this.#liveBytes > this.#options.maxLogBytes) this.#stopLargest();
  }

  /** Called by a run. */
  onState(run: Run): void {
    try {
      this.store.setState(run.principal.id, run.id, run.state);
    } finally {
      if (isFinal(run.state)) {
        if (this.#live.delete(runKey(run.principal.id, run.id))) this.#liveBytes -= run.bytes;
        this.emit('end', run);
      }
    }
  }

  /** Called by a run. */
  onFault(run: Run, error: unknown): void {
    this.logger.error({ runId: run.id.slice(0, 8), err: error }, 'A run failed');
  }

  /** Those told to stop already make room within a second: only what the others hold counts. */
  #stopLargest(): void {
    const running = [...this.#live.values()].filter((run) => !run.isStopping);
    const bytes = running.reduce((sum, run) => sum + run.bytes, 0);
    if (bytes <= this.#options.maxLogBytes) return;
    const largest = running.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    largest.stop(tooLarge('The server holds as much output as it can, and this run has the most'));
  }

  /** The last reader is gone and cannot come back: the run stops costing. */
  #onReaderLeft(run: Run): void {
    run.readers.leave();
    if (run.readers.size === 0) run.stop({ state: 'cancelled', reason: 'abandoned' });
  }

  #checkRoom(connection: Connection): void {
    if (connection.readers.size < this.maxRunsPerConnection) return;
    throw new AgentSocketError('too_many_runs', `This connection reads ${this.maxRunsPerConnection} runs already`);
  }

  #repeat(connection: Connection, known: Run | StoredRun, requestHash: string): Acceptance {
    const id = known instanceof Run ? known.id : known.meta.id;
    const stored = this.store.open(connection.principal.id, id);
    if (stored !== undefined && stored.meta.requestHash !== requestHash) throw conflict();
    if (this.#subscriptions.get(connection)?.has(id) !== true) this.#checkRoom(connection);
    return { status: 'existing', run: known };
  }

  #expire(): void {
    try {
      this.store.expire();
    } catch (error) {
      // A store that cannot forget is no reason to end the process.
      this.logger.error({ err: error }, 'The run store failed to expire');
    }
    const before = performance.now() - this.#options.maxRunMs;
    for (const run of this.#live.values()) {
      if (run.startedAt <= before) run.stop({ state: 'cancelled', reason: 'max_duration' });
    }
  }
}

function readStored(run: StoredRun): Readable {
  return { id: run.meta.id, log: run.log };
}

function conflict(): AgentSocketError {
  return new AgentSocketError('run_id_conflict', 'A run with this id was asked for with other content');
}

function tooLarge(message: string): StopCause {
  return { state: 'failed', error: new AgentSocketError('output_too_large', message) };
}
