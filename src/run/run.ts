import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { TextType } from '../protocol/encode.js';
import { TERMINAL_TYPES, type RunState, type Usage } from '../protocol/server-messages.js';
import { Approvals, type Decision } from './approvals.js';
import { Abort } from '../runtime/abort.js';
import { andThen, orElse, type Awaitable } from '../runtime/awaitable.js';
import { Latch } from '../runtime/latch.js';
import type { TraceContext } from '../runtime/trace.js';
import { RunReaders } from '../log/run-readers.js';
import { serverFailed } from './run-errors.js';
import type { RunHandle } from './run-handle.js';
import { RUN_BYTES, SETTLE_MS, type RunInit } from './run-init.js';
import type { RunLog } from '../log/run-log.js';
import { errorMessage, type RunMessage } from '../log/run-message.js';
import type { RunListener } from './run-listener.js';
import { runKey } from '../store/run-key.js';
import { isFinal } from '../store/run-state.js';
import type { RunMeta } from '../store/run-store.js';
import type { SharesOfRun } from './run-shares.js';
import { textPieces } from '../log/text-pieces.js';
import { endWork, failureOf } from './end-work.js';
import { checkpointOf, type RunOptions, type RunOutcome, type RunWorker, type StopCause } from './run-worker.js';
import { RunWriter } from '../log/run-writer.js';

/**
 * One unit of work that a client asked for. The run writes its log, and knows only the number of its readers. The first
 * final message ends the run; nothing follows it.
 */
export class Run implements RunHandle {
  readonly meta: RunMeta;
  /** Owner and id in one. */
  readonly key: string;
  readonly principal: Principal;
  readonly log: RunLog;
  readonly options: RunOptions;
  /** The approvals of the tool calls. */
  readonly approvals: Approvals;
  /** Aborts when the run is stopped. */
  readonly abort = new Abort();
  /** How many connections read the run, and how many of them lag. */
  readonly readers: RunReaders;
  /** When the run was accepted, on the monotonic clock in milliseconds. */
  readonly startedAt = performance.now();
  /** The connection that asked; `undefined` after a restart. */
  readonly connectionId: string | undefined;
  /** The embedder's metadata of the connection that asked; `undefined` after a restart. */
  readonly metadata: unknown;
  /** The trace of the run: that of the request, or the span of the run itself. */
  trace: TraceContext | undefined;
  /** Name of the model, if there is one. */
  model: string | undefined;
  /** When the model gave its first text or reasoning, on the clock of {@link startedAt}. */
  firstTextAt: number | undefined;
  /** When it gave its last text or reasoning. */
  lastTextAt = 0;
  /** When the run was stopped early, on the same clock; `undefined` if it was not. */
  stoppedAt: number | undefined;
  /** The usage, once the run is over, if it is known. */
  usage: Usage | undefined;
  /** Calls of tools that were answered, once the run is over. */
  toolCalls = 0;
  /** When the run entered its state, on the clock of {@link startedAt}. */
  stateSince = this.startedAt;
  /** Gets the events of the run. */
  readonly listener: RunListener<Run>;
  /** Set by the code that does the work. */
  worker: RunWorker | undefined;
  /** The shares in which the run counts while it is in progress. */
  shares: SharesOfRun = [];
  /** Bytes of UTF-8 written to the log. */
  bytes = 0;
  /** Size of the request and of what goes to the model with it, in bytes: both are kept until the run is over. */
  requestBytes: number;

  readonly #work: (run: Run) => Promise<RunMessage>;
  readonly #writer: RunWriter;
  #isStarted = false;
  #suspended = false;
  /** Whether the work is over and the final message is being made. */
  #isEnding = false;
  /** Why written messages were lost: only the final message may follow. */
  #lost: { readonly cause: unknown } | undefined;
  /** Whether the final message was replaced by an error. */
  #isReplaced = false;
  #isAbandoned = false;
  /** Whether the listener was informed of the end. */
  #hasLeft = false;
  readonly #end = new Latch();
  #state: RunState;
  #stop: StopCause | undefined;
  #failure: AgentSocketError | undefined;
  #settleTimer: NodeJS.Timeout | undefined;

  constructor(init: RunInit<Run>) {
    const { meta, log, listener } = init;
    this.meta = meta;
    this.key = runKey(meta.owner, meta.id);
    this.principal = init.principal;
    this.log = log;
    this.options = init.options ?? {};
    this.connectionId = init.connectionId;
    this.metadata = init.metadata;
    this.trace = init.trace;
    this.requestBytes = init.requestBytes ?? 0;
    this.listener = listener;
    this.#work = init.work;
    this.#state = init.state ?? 'accepted';
    this.readers = new RunReaders((canReturn) => listener.onUnread(this, canReturn));
    this.approvals = new Approvals(this);
    this.#writer = new RunWriter(meta.id, log, (bytes) => this.#count(bytes));
    log.onFailed?.((error) => this.#onLogFailed(error));
  }

  /** Resolves when the final message is in the log. */
  get ended(): Promise<void> {
    return this.#end.opened;
  }

  get id(): string {
    return this.meta.id;
  }

  get kind(): RunMeta['kind'] {
    return this.meta.kind;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Aborts when the run is stopped. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Whether the final message is in the log. */
  get isOver(): boolean {
    return isFinal(this.#state);
  }

  /** Whether the run is over and its final message may still be lost, since the log commits later. */
  get mayLoseItsEnd(): boolean {
    return this.log.onFailed !== undefined && !this.#isAbandoned && this.log.published < this.head;
  }

  /** Whether the run was stopped; it may not be over yet. */
  get isStopping(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether nothing more is written: the run is over or left to the next process. Tools may still be at work. */
  get #isDone(): boolean {
    return this.isOver || this.#suspended;
  }

  /** Memory that the run holds, in bytes, roughly. */
  get heldBytes(): number {
    return RUN_BYTES + this.bytes + this.requestBytes;
  }

  /** The newest `seq`. */
  get head(): number {
    return this.#writer.head;
  }

  /** Why the run failed. The client gets code and message; `cause` is for the operator. */
  get failure(): AgentSocketError | undefined {
    return this.#failure;
  }

  /** Begins the work. Does nothing if the work has begun, or the run is over. */
  start(): void {
    if (this.isOver || this.#isStarted) return;
    this.#isStarted = true;
    if (this.#state !== 'waiting_approval') this.enter('running');
    let work: Promise<RunMessage>;
    try {
      work = Promise.resolve(this.#work(this));
    } catch (error) {
      return this.#settle(undefined, error);
    }
    work.then(
      (terminal) => this.#settle(terminal),
      (error: unknown) => this.#settle(undefined, error),
    );
  }

  /** Changes the state. For `waiting_approval`, a checkpoint is stored. */
  enter(state: 'queued' | 'running' | 'waiting_approval'): void {
    if (this.#isDone) return;
    this.#state = state;
    this.stateSince = performance.now();
    this.#tellState(state === 'waiting_approval' ? checkpointOf(this) : undefined);
  }

  /** Leaves a run that waits for a person to the next process that opens the store: no final message is written. */
  suspend(): void {
    if (this.isOver || this.#isEnding) return;
    this.#suspended = true;
    this.approvals.suspend();
    this.abort.abort();
    this.#end.open();
  }

  /** Adds text. */
  text(type: TextType, delta: string): void {
    if (delta === '' || !this.heard() || this.#isDone || this.#lost !== undefined) return;
    try {
      for (const piece of textPieces(delta)) {
        this.#writer.text(type, piece);
        // One delta may exceed the limit and end the run.
        if (this.isStopping) return;
      }
    } catch (error) {
      this.#stopBroken(error);
    }
  }

  /** Notes that the model gave text or reasoning. Returns whether it is wanted: a stopped run drops it. */
  heard(): boolean {
    return this.listener.pace.heard(this, this.#stop);
  }

  /** Counts output that is kept in memory but not in the log against the limits. */
  charge(bytes: number): void {
    if (!this.isOver) this.#count(bytes);
  }

  /** Counts memory that the work needs until the run is over, besides request and output. */
  hold(bytes: number): void {
    if (this.isOver || bytes === 0) return;
    this.requestBytes += bytes;
    this.listener.onAppended(this, bytes);
  }

  /** Stores text that is not in the log yet, so that a crash does not lose it. */
  keepDraft(text: string): void {
    if (this.#isDone || this.#lost !== undefined || text === '') return;
    try {
      this.listener.onDraft(this, text);
    } catch (error) {
      this.#stopBroken(error);
    }
  }

  /** Adds a message other than the final one. */
  message(message: RunMessage): void {
    if (this.#isDone || this.#lost !== undefined) return;
    const entry = this.#writer.encode(message);
    try {
      this.#writer.append(entry);
    } catch (error) {
      this.#stopBroken(error);
    }
  }

  /**
   * Ends the run early: the signal aborts now, and the run is over as soon as its work has stopped, after 1 s at the
   * latest. Does nothing if the run is over or stopping already.
   */
  stop(cause: StopCause): void {
    // A suspended run is left to the next process: it must not end because its readers leave.
    if (this.#isEnding || this.#suspended || this.#stop !== undefined) return;
    this.#stop = cause;
    this.stoppedAt = performance.now();
    this.readers.release();
    if (this.#state === 'accepted' || this.#state === 'queued') return this.#settle();
    this.approvals.cancel();
    this.#settleTimer = setTimeout(() => this.#settle(), SETTLE_MS);
    this.abort.abort();
  }

  decide(toolCallId: string, decision: Decision): Decision | undefined {
    return this.approvals.decide(toolCallId, decision);
  }

  /** A promise to wait for before more is pulled from the provider; `undefined` if there is no need to wait. */
  backpressure(): Promise<void> | undefined {
    return this.#stop === undefined ? (this.readers.backpressure() ?? this.log.backpressure?.()) : undefined;
  }

  /** Ends the run, whatever errors log and store have. Only the first call counts. */
  #settle(terminal?: RunMessage, error?: unknown): void {
    if (this.#suspended || this.#isEnding) return;
    this.#isEnding = true;
    clearTimeout(this.#settleTimer);
    void andThen(this.#terminal(terminal, error), (last) => this.#conclude(last));
  }

  #conclude(last: RunMessage): void {
    try {
      this.#finish(
        this.#lost === undefined || this.#stop !== undefined ? last : this.#fail(serverFailed(this.#lost.cause), {}),
      );
    } catch (fault) {
      // The final message of a custom executor may not be valid JSON, and a log may refuse an entry.
      this.listener.onFault(this, fault);
      this.#finishBroken(fault);
    }
    this.#tellState(undefined);
    this.#hasLeft = true;
    this.#end.open();
  }

  #finish(last: RunMessage): void {
    // What was used stays known if the final message is replaced by an error.
    if ('usage' in last) this.usage = last.usage ?? this.usage;
    const entry = this.#writer.encode(last);
    this.#state = this.#stop?.state ?? (last.type === 'error' ? 'failed' : 'finished');
    this.#writer.append(entry);
  }

  /**
   * The second and last attempt to end the run. If it fails too, the readers are told that no final message follows.
   */
  #finishBroken(fault: unknown): void {
    this.#isReplaced = true;
    try {
      this.#finish(this.#fail(serverFailed(fault), {}));
    } catch (again) {
      this.listener.onFault(this, again);
      this.#abandon();
    }
  }

  #abandon(): void {
    this.#isAbandoned = true;
    this.readers.abandon();
  }

  /** Stops the run after the log or the store has lost messages: what would follow makes no sense. */
  #onLogFailed(error: unknown): void {
    const isWhole = this.head === this.log.published;
    this.#writer.rewind();
    this.#lost = { cause: error };
    if (!this.isOver) return this.#stopBroken(error);
    this.listener.onFault(this, error);
    const wasReplaced = this.#isReplaced;
    this.#isReplaced = true;
    if (!isWhole) {
      // The final message itself was lost.
      if (wasReplaced) return this.#abandon();
      this.#stop = { state: 'failed', error: serverFailed(error) };
      this.#finishBroken(error);
    } else if (wasReplaced) return;
    this.#tellState(undefined);
  }

  #terminal(terminal: RunMessage | undefined, error: unknown): Awaitable<RunMessage> {
    const stop = this.#stop;
    const whole = terminal !== undefined && TERMINAL_TYPES.has(terminal.type) ? terminal : undefined;
    const state = stop?.state ?? (whole === undefined || whole.type === 'error' ? 'failed' : 'finished');
    const isWhole = whole !== undefined && stop === undefined;
    const failure = isWhole ? undefined : failureOf(stop, error, (fault) => this.listener.onFault(this, fault));
    let lost: { readonly fault: unknown } | undefined;
    const outcome = orElse(
      () => endWork(this.worker, state, failure),
      (fault): RunOutcome => {
        this.listener.onFault(this, fault);
        lost = { fault };
        return {};
      },
    );
    return andThen(outcome, (outcome) => {
      // An answer that was not stored is not complete.
      if (lost !== undefined && state === 'finished') return this.#fail(serverFailed(lost.fault), {});
      if (stop?.state === 'cancelled')
        return { type: 'cancelled', reason: stop.reason, finish_reason: 'cancelled', ...outcome };
      if (failure !== undefined) return this.#fail(failure, outcome);
      return whole ?? this.#fail(serverFailed(error), outcome);
    });
  }

  #fail(error: AgentSocketError, outcome: RunOutcome): RunMessage {
    this.#failure = error;
    return errorMessage(error, outcome);
  }

  /** Stops the work, since its output cannot be stored. */
  #stopBroken(error: unknown): void {
    this.listener.onFault(this, error);
    if (this.#isEnding) this.#lost = { cause: error };
    this.stop({ state: 'failed', error: serverFailed(error) });
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (!this.#hasLeft) this.listener.onAppended(this, bytes);
  }

  #tellState(checkpoint: string | undefined): void {
    try {
      this.listener.onState(this, checkpoint);
    } catch (error) {
      this.listener.onFault(this, error);
    }
  }
}
