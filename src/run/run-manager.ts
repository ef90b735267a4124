import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import { ConversationLine } from '../conversation/conversation-line.js';
import { conversationKey } from '../conversation/conversation-store.js';
import { Watchers } from '../conversation/watchers.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import { checkNumber, MAX_DELAY_MS } from '../errors/check-number.js';
import { TypedEmitter } from '../events/typed-emitter.js';
import type { Logger } from '../logging/logger.js';
import type { RunRequest } from '../protocol/client-messages.js';
import { standingDecision, type Decision } from './approvals.js';
import { Coalescer } from './coalescer.js';
import { MemoryRunStore } from './memory-run-store.js';
import { hashRequest } from './request-hash.js';
import { runKey } from './run-key.js';
import type { RunMessage } from './run-message.js';
import { isFinal } from './run-state.js';
import type { RunMeta, RunStore, StoredRun } from './run-store.js';
import { Run, type RunCheckpoint, type RunOwner, type StopCause } from './run.js';
import type { Readable, Subscription, SubscriptionOptions } from './subscription.js';
import { Subscriptions } from './subscriptions.js';
import { Tombstones } from './tombstones.js';
import { within } from './within.js';

/** Does the work of runs. */
export interface RunExecutor {
  /** Refuses a request before it becomes a run, by throwing an `AgentSocketError`. */
  check(request: RunRequest): void;
  /** Writes to the run and resolves to its terminal message; a rejection ends the run with an error. */
  execute(run: Run, request: RunRequest): Promise<RunMessage>;
  /**
   * Goes on after a restart with a run that waited for a person, from the checkpoint its worker gave. Without it such a
   * run is interrupted like any other.
   */
  restore?(run: Run, checkpoint: string): Promise<RunMessage>;
  /** Says what an interrupted run of an earlier process left, and records what belongs to it. Called before its end. */
  recover?(run: Run, draft: string): Promise<void>;
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
   * What all runs in progress hold, in bytes: what was asked, and encoded output. Over it new ones get `too_many_runs` and the largest ends with `output_too_large`.
   * @default 268435456
   */
  maxLogBytes?: number | undefined;
  /**
   * Under load, the least time between two chunks of a run, in milliseconds; text that arrives between them travels together.
   * @default 35
   */
  coalesceMs?: number | undefined;
  /**
   * How long a run goes on without a reader, in milliseconds, where its last reader can come back; then it is
   * cancelled with reason `abandoned`. A run that waits for an approval is not timed.
   * @default 60000
   */
  detachGraceMs?: number | undefined;
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

/** How often runs that last too long and logs that are too old are looked for, in milliseconds. */
const SWEEP_MS = 1_000;

/** Runs one connection is told of by `list_runs` where nobody knows who it is. */
const MAX_SEEN = 1_000;

/** The runs of a server: claims their ids, starts, stops and bounds them, and lets connections read them. */
export class RunManager extends TypedEmitter<RunEvents> implements RunOwner, Iterable<Run> {
  readonly store: RunStore;
  readonly coalescer: Coalescer;
  readonly maxRunsPerConnection: number;
  readonly #options: {
    executor: RunExecutor;
    maxRunMs: number;
    maxRunBytes: number;
    maxLogBytes: number;
    detachGraceMs: number;
  };
  readonly #live = new Map<string, Run>();
  readonly #subscriptions = new Subscriptions();
  readonly #line = new ConversationLine<Run>();
  readonly #watchers = new Watchers();
  /** How the runs in line begin. */
  readonly #begins = new WeakMap<Run, () => void>();
  /** Runs a connection started or resumed. */
  readonly #seen = new WeakMap<Connection, Set<string>>();
  readonly #tombstones = new Tombstones();
  readonly #sweep: NodeJS.Timeout;
  #liveBytes = 0;
  #draining = false;
  #onIdle: (() => void) | undefined;

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: RunManagerOptions) {
    super(options.logger);
    const { maxRunsPerConnection = 16, maxRunMs = 600_000, coalesceMs = 35, detachGraceMs = 60_000 } = options;
    const { maxRunBytes = 16_777_216, maxLogBytes = 268_435_456 } = options;
    this.maxRunsPerConnection = checkNumber('maxRunsPerConnection', maxRunsPerConnection, { least: 1, integer: true });
    this.#options = {
      executor: options.executor,
      maxRunMs: checkNumber('maxRunMs', maxRunMs, { least: 1 }),
      maxRunBytes: checkNumber('maxRunBytes', maxRunBytes, { least: 1 }),
      maxLogBytes: checkNumber('maxLogBytes', maxLogBytes, { least: 1 }),
      detachGraceMs: checkNumber('detachGraceMs', detachGraceMs, { least: 0, most: MAX_DELAY_MS }),
    };
    this.coalescer = new Coalescer(checkNumber('coalesceMs', coalesceMs, { least: 1, most: MAX_DELAY_MS }));
    this.store = options.store ?? new MemoryRunStore();
    // A short grace asks for closer looks.
    const sweepMs = Math.min(SWEEP_MS, Math.max(10, detachGraceMs / 4));
    this.#sweep = setInterval(() => this.#expire(), sweepMs);
    this.#sweep.unref();
    for (const stored of this.store.unfinished()) this.#recover(stored);
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
    const requestBytes = sizeOf(request);
    if (this.#liveBytes + requestBytes >= this.#options.maxLogBytes) {
      throw new AgentSocketError('too_many_runs', 'The server holds as much output as it can; try again later');
    }
    const conversationId = 'conversation_id' in request ? request.conversation_id : undefined;
    const line = conversationId === undefined ? undefined : conversationKey(principal.id, conversationId);
    const before = line === undefined ? [] : [...this.#line.of(line)];
    if (before.length > 0 && 'when_busy' in request && request.when_busy === 'reject') {
      throw new AgentSocketError('conversation_busy', 'The conversation has a run in progress');
    }
    const meta: RunMeta = {
      owner: principal.id,
      id,
      kind: request.type,
      requestHash,
      createdAt: Date.now(),
      ...(conversationId !== undefined && { conversationId }),
      ...(request.type === 'tool_call' && { toolName: request.tool_name }),
    };
    const claim = this.store.create(meta);
    if (claim.status === 'existing') return this.#repeat(connection, claim.run, requestHash);
    if (claim.status === 'expired') {
      if (claim.requestHash !== requestHash) throw conflict();
      throw new AgentSocketError(
        'run_expired',
        'A run with this id ended and its output is gone; it is not executed again',
      );
    }
    // Nothing may be said of a run, and nothing done for it, that a crash would make forget.
    this.store.commit();
    const run = new Run(meta, principal, claim.log, this, {
      onDisconnect: request.on_disconnect,
      canApprove: connection.negotiated,
      query: 'query' in request ? request.query : undefined,
    });
    run.requestBytes = requestBytes;
    const begin = (): void => run.start(() => this.#options.executor.execute(run, request));
    this.#enter(run);
    if (before.length > 0) {
      this.#begins.set(run, begin);
      run.enter('queued');
    }
    if ('when_busy' in request && request.when_busy === 'interrupt') {
      for (const other of before) other.stop({ state: 'cancelled', reason: 'replaced' });
    }
    this.#see(connection, id);
    this.emit('start', run);
    return {
      status: 'created',
      run,
      begin: () => {
        if (line !== undefined) this.#announce(run, connection);
        if (this.#tombstones.take(runKey(principal.id, id))) run.stop({ state: 'cancelled', reason: 'requested' });
        else if (run.state === 'accepted') begin();
      },
    };
  }

  /** Finds a run that can be read. @throws AgentSocketError `run_not_found`; `too_many_runs` for one reader too many. */
  find(connection: Connection, id: string): Run | StoredRun {
    const run = this.get(connection.principal, id);
    if (run === undefined) throw notFound();
    if (!this.#subscriptions.of(connection).has(id)) this.#checkRoom(connection);
    this.#see(connection, id);
    return run;
  }

  /** Whether a connection has not been sent yet what there is of the runs it reads. */
  isBehind(connection: Connection): boolean {
    return [...this.#subscriptions.of(connection).values()].some((subscription) => subscription.isBehind);
  }

  /** How many runs of the conversation end before this one starts; 0 where it waits for none. */
  placeOf(run: Run): number {
    const { owner, conversationId } = run.meta;
    return conversationId === undefined ? 0 : this.#line.placeOf(conversationKey(owner, conversationId), run);
  }

  /** Whether a conversation has a run in progress. */
  isBusy(owner: string, conversationId: string): boolean {
    return this.#line.of(conversationKey(owner, conversationId)).length > 0;
  }

  /**
   * The runs that can be read, oldest first: all of the owner, or those this connection started or resumed where
   * `all` is false.
   */
  list(connection: Connection, all: boolean): StoredRun[] {
    const owner = connection.principal.id;
    if (all) return this.store.list(owner);
    // Not by filtering: everybody nobody knows is one owner.
    const seen = [...(this.#seen.get(connection) ?? [])].flatMap((id) => this.store.open(owner, id) ?? []);
    return seen.sort((a, b) => a.meta.createdAt - b.meta.createdAt);
  }

  /**
   * Lets a connection read a run after a position: what is there first, then what comes, without a hole.
   * A connection reads a run once: asking again moves its position.
   */
  subscribe(connection: Connection, run: Run | StoredRun, after: number, requestId: string | undefined): Subscription {
    return this.#open(connection, run, { after, requestId });
  }

  #open(
    connection: Connection,
    run: Run | StoredRun,
    start: Omit<SubscriptionOptions, 'onEnd' | 'onFault'>,
  ): Subscription {
    const readable = run instanceof Run ? run : readStored(run);
    return this.#subscriptions.open(connection, readable, {
      ...start,
      onEnd: () => {
        if (run instanceof Run) this.#onReaderLeft(run, connection.negotiated);
      },
      onFault: (error) => this.logger.error({ runId: readable.id.slice(0, 8), err: error }, 'A run log cannot be read'),
    });
  }

  /**
   * Lets a connection read every run of a conversation from now on, those in progress included.
   * Returns `false` where it watches as many conversations as it may.
   */
  watch(connection: Connection, conversationId: string): boolean {
    const key = conversationKey(connection.principal.id, conversationId);
    return this.#watchers.add(connection, key);
  }

  /** The runs of a conversation in progress, in the order of their turns. */
  inProgress(owner: string, conversationId: string): readonly Run[] {
    return this.#line.of(conversationKey(owner, conversationId));
  }

  /** Ends {@link watch}; runs that are read already are read on. */
  unwatch(connection: Connection, conversationId: string): void {
    this.#watchers.remove(connection, conversationKey(connection.principal.id, conversationId));
  }

  /** Tells a connection of a run in a conversation it watches, and lets it read it where there is room. */
  introduce(connection: Connection, run: Run): void {
    const { conversationId } = run.meta;
    const reading = this.#subscriptions.of(connection);
    if (conversationId === undefined || reading.has(run.id)) return;
    connection.sendMessage({
      type: 'run_started',
      timestamp: connection.timestamp(),
      conversation_id: conversationId,
      run_id: run.id,
      kind: run.kind,
      query: run.options.query ?? '',
      state: run.state,
    });
    if (reading.size < this.maxRunsPerConnection) this.#open(connection, run, { after: 0, watched: true });
  }

  /**
   * Decides about a tool call of a run. The first decision counts; whoever comes later is told it.
   * @throws AgentSocketError `run_not_found`, `approval_not_found`
   */
  async approve(principal: Principal, id: string, toolCallId: string, decision: Decision): Promise<Decision> {
    const run = this.get(principal, id);
    if (run === undefined) throw notFound();
    const standing =
      run instanceof Run ? run.approvals.decide(toolCallId, decision) : await standingDecision(run.log, toolCallId);
    if (standing === undefined) {
      throw new AgentSocketError('approval_not_found', 'The run asked for no approval of this call');
    }
    return standing;
  }

  /**
   * Stops one run of the owner, or every run the connection reads, and waits until they are over and
   * the connection has been sent everything of them. An unknown id is remembered: the run that arrives within 60 s is cancelled.
   */
  async cancel(connection: Connection, id: string | undefined): Promise<Cancellation> {
    const { principal } = connection;
    const subscriptions = this.#subscriptions.of(connection);
    const known = id === undefined ? undefined : this.get(principal, id);
    if (id !== undefined && known === undefined) {
      this.#tombstones.add(runKey(principal.id, id));
      return { outcome: 'nothing_running', runIds: [] };
    }
    const reading = [...subscriptions.values()].filter(({ run, isAsked }) =>
      id === undefined ? isAsked : run.id === id,
    );
    const candidates = id === undefined ? reading.map(({ run }) => run) : [known];
    const runs = candidates.filter((run): run is Run => run instanceof Run && !run.isOver);
    for (const run of runs) {
      const subscription = subscriptions.get(run.id);
      // A client of the documented core gets exactly one `cancelled` for its cancel: the reply.
      if (subscription !== undefined && !connection.negotiated) subscription.hidesCancelled = true;
      run.stop({ state: 'cancelled', reason: 'requested' });
    }
    // A reader that lags behind a run that is over is sent the rest of it before the reply as well.
    await Promise.all([...reading, ...runs].map(({ ended }) => ended));
    // Told only once nothing can make it forgotten.
    this.store.commit();
    const runIds = runs.filter((run) => run.state === 'cancelled').map((run) => run.id);
    if (runIds.length > 0) return { outcome: 'cancelled', runIds };
    return { outcome: candidates.length === 0 ? 'nothing_running' : 'already_finished', runIds };
  }

  /**
   * Takes no new runs, waits until those in progress are over, for `ms` milliseconds at most, and interrupts the rest.
   * Runs that wait for a person are left as they are where the store outlives the process.
   */
  async drain(ms: number): Promise<void> {
    this.#draining = true;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#checkIdle();
    await within(ms, idle);
    const runs = [...this.#live.values()];
    // Not earlier: until then a person can still decide, and one that asks meanwhile is left as well.
    if (this.store.isDurable) for (const run of runs) if (run.state === 'waiting_approval') this.#suspend(run);
    for (const run of this.#live.values()) run.stop({ state: 'interrupted' });
    await Promise.all(runs.map(({ ended }) => ended));
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
  onDraft(run: Run, text: string): void {
    this.store.keepDraft(run.meta.owner, run.id, text);
  }

  /** Called by a run. */
  onState(run: Run, checkpoint: string | undefined): void {
    const { owner, id } = run.meta;
    try {
      this.store.setState(owner, id, run.state, checkpoint);
    } finally {
      if (isFinal(run.state)) {
        this.#leave(run);
        this.emit('end', run);
      }
      this.#checkIdle();
    }
  }

  /** Called by a run. */
  onFault(run: Run, error: unknown): void {
    this.logger.error({ runId: run.id.slice(0, 8), err: error }, 'A run failed');
  }

  /** Those told to stop already make room within a second: only what the others hold counts. */
  #stopLargest(): void {
    const running = [...this.#live.values()].filter((run) => !run.isStopping);
    const bytes = running.reduce((sum, run) => sum + run.heldBytes, 0);
    if (bytes <= this.#options.maxLogBytes) return;
    const largest = running.reduce((a, b) => (b.heldBytes > a.heldBytes ? b : a));
    largest.stop(tooLarge('The server holds as much output as it can, and this run has the most'));
  }

  #enter(run: Run): void {
    const { owner, id, conversationId } = run.meta;
    this.#live.set(runKey(owner, id), run);
    this.#liveBytes += run.heldBytes;
    if (conversationId !== undefined) this.#line.join(conversationKey(owner, conversationId), run);
  }

  #leave(run: Run): void {
    const { owner, id, conversationId } = run.meta;
    if (this.#live.delete(runKey(owner, id))) this.#liveBytes -= run.heldBytes;
    if (conversationId === undefined) return;
    const next = this.#line.leave(conversationKey(owner, conversationId), run);
    if (next !== undefined) this.#begins.get(next)?.();
  }

  /** Whether all there is to wait for is a person, for whose decision the next process can wait. */
  #checkIdle(): void {
    if (this.#onIdle === undefined) return;
    const isLeft = ({ state, meta: { owner, conversationId } }: Run): boolean =>
      state === 'waiting_approval' ||
      (state === 'queued' &&
        conversationId !== undefined &&
        this.#line.of(conversationKey(owner, conversationId))[0]?.state === 'waiting_approval');
    const runs = [...this.#live.values()];
    if (runs.length === 0 || (this.store.isDurable && runs.every(isLeft))) this.#onIdle();
  }

  #suspend(run: Run): void {
    run.suspend();
    this.#live.delete(runKey(run.meta.owner, run.id));
  }

  /** A run an earlier process left: it goes on where it waited for a person, and is interrupted otherwise. */
  #recover(stored: StoredRun): void {
    const { executor } = this.#options;
    const { meta, log } = stored;
    const restore = executor.restore?.bind(executor);
    const checkpoint = restore === undefined ? undefined : this.#checkpointOf(stored);
    const state = checkpoint === undefined ? 'accepted' : 'waiting_approval';
    const run = new Run(meta, { id: meta.owner }, log, this, checkpoint?.options, state);
    this.#enter(run);
    if (checkpoint !== undefined && restore !== undefined) {
      run.readers.emptySince = performance.now();
      run.start(() => restore(run, checkpoint.work));
      return;
    }
    // As its work, so that whoever stops it meanwhile waits for what it left as well.
    run.start(async () => {
      try {
        await executor.recover?.(run, stored.draft);
      } catch (error) {
        this.onFault(run, error);
      }
      run.stop({ state: 'interrupted' });
      return Promise.reject(new Error('The run was interrupted'));
    });
  }

  /** One that cannot be read is as none: the run is interrupted, and the server starts. */
  #checkpointOf({ state, checkpoint, meta }: StoredRun): RunCheckpoint | undefined {
    if (state !== 'waiting_approval' || checkpoint === undefined) return undefined;
    try {
      return JSON.parse(checkpoint) as RunCheckpoint;
    } catch (error) {
      this.logger.error({ runId: meta.id.slice(0, 8), err: error }, 'A run cannot go on');
      return undefined;
    }
  }

  /** Tells everybody who watches its conversation. */
  #announce(run: Run, asker: Connection): void {
    const { owner, conversationId } = run.meta;
    if (conversationId === undefined) return;
    for (const connection of [...this.#watchers.of(conversationKey(owner, conversationId))]) {
      if (connection !== asker) this.introduce(connection, run);
    }
  }

  #see(connection: Connection, id: string): void {
    let seen = this.#seen.get(connection);
    if (seen === undefined) this.#seen.set(connection, (seen = new Set()));
    seen.delete(id);
    seen.add(id);
    if (seen.size <= MAX_SEEN) return;
    const [oldest] = seen;
    if (oldest !== undefined) seen.delete(oldest);
  }

  /** The last reader is gone: where it cannot come back, the run stops costing at once. */
  #onReaderLeft(run: Run, negotiated: boolean): void {
    if (run.readers.size > 0 || run.isOver) return;
    const policy = run.options.onDisconnect ?? (negotiated && this.#options.detachGraceMs > 0 ? 'wait' : 'cancel');
    if (policy === 'cancel') run.stop({ state: 'cancelled', reason: 'abandoned' });
  }

  /** Whether nobody came back in time to a run that was left. */
  #isAbandoned(run: Run, now: number): boolean {
    const { emptySince } = run.readers;
    if (emptySince === undefined || run.options.onDisconnect === 'continue') return false;
    // The decision of a person takes as long as it takes.
    if (run.state === 'waiting_approval') return false;
    return now - Math.max(emptySince, run.stateSince) >= this.#options.detachGraceMs;
  }

  #checkRoom(connection: Connection): void {
    if (this.#subscriptions.of(connection).size < this.maxRunsPerConnection) return;
    throw new AgentSocketError('too_many_runs', `This connection reads ${this.maxRunsPerConnection} runs already`);
  }

  #repeat(connection: Connection, known: Run | StoredRun, requestHash: string): Acceptance {
    if (known.meta.requestHash !== requestHash) throw conflict();
    if (!this.#subscriptions.of(connection).has(known.meta.id)) this.#checkRoom(connection);
    this.#see(connection, known.meta.id);
    return { status: 'existing', run: known };
  }

  #expire(): void {
    try {
      this.store.expire();
    } catch (error) {
      // A store that cannot forget is no reason to end the process.
      this.logger.error({ err: error }, 'The run store failed to expire');
    }
    const now = performance.now();
    for (const run of this.#live.values()) {
      if (now - run.startedAt >= this.#options.maxRunMs) run.stop({ state: 'cancelled', reason: 'max_duration' });
      else if (this.#isAbandoned(run, now)) run.stop({ state: 'cancelled', reason: 'abandoned' });
    }
  }
}

/** Bytes of what a request holds: all other fields are short. */
function sizeOf(request: RunRequest): number {
  return Buffer.byteLength(request.type === 'tool_call' ? JSON.stringify(request.params) : request.query);
}

function readStored(run: StoredRun): Readable {
  return { id: run.meta.id, log: run.log, isOver: isFinal(run.state), head: run.log.head };
}

function notFound(): AgentSocketError {
  return new AgentSocketError('run_not_found', 'No run has this id, or its output is gone');
}

function conflict(): AgentSocketError {
  return new AgentSocketError('run_id_conflict', 'A run with this id was asked for with other content');
}

function tooLarge(message: string): StopCause {
  return { state: 'failed', error: new AgentSocketError('output_too_large', message) };
}
