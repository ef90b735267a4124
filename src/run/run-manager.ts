import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { AttachmentInfo } from '../store/conversation-store.js';
import { inTurn } from '../connection/turn.js';
import { checkKnownOptions } from '../runtime/check-known-options.js';
import { checkMethods } from '../runtime/check-methods.js';
import { checkNumber, MAX_DELAY_MS } from '../runtime/check-number.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import type { QueryAttachment, RunRequest } from '../protocol/client-messages.js';
import type { Decision } from './approvals.js';
import { Admission, type Admitted } from './admission.js';
import { Audience } from './audience.js';
import { allOf, andThen, orElse, type Awaitable } from '../runtime/awaitable.js';
import { Cancelling, type Cancellation } from './cancellation.js';
import { Coalescer } from '../log/coalescer.js';
import { Handover } from './handover.js';
import { LiveRuns, type Place } from './live-runs.js';
import { Recovery } from './recovery.js';
import { hashRequest } from './request-hash.js';
import { RunBounds } from './run-bounds.js';
import type { RunExecutor } from './run-executor.js';
import { runKey } from '../store/run-key.js';
import type { RunHandle } from './run-handle.js';
import type { RunLog } from '../log/run-log.js';
import { RunLookup } from './run-lookup.js';
import { RUN_MANAGER_OPTIONS, type RunManagerOptions } from './run-manager-options.js';
import { approvalNotFound, conflict, notFound } from './run-errors.js';
import { isFinal } from '../store/run-state.js';
import type { RunStore, StoredRun } from '../store/run-store.js';
import type { RunOwner } from './run-owner.js';
import { Run } from './run.js';
import { StartLine } from './start-line.js';
import type { Subscription } from './subscription.js';
import { Tombstones } from './tombstones.js';

/** Runs told by `list_runs`, the newest. */
const MAX_LISTED = 1_000;

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
  | { readonly status: 'existing'; readonly run: RunHandle };

/** The runs of a server: claims their ids, starts, stops and bounds them, and lets connections read them. */
export class RunManager extends TypedEmitter<RunEvents> implements RunOwner<Run>, Iterable<Run> {
  readonly store: RunStore;
  readonly coalescer: Coalescer;
  readonly maxRunsPerConnection: number;
  readonly #executor: RunExecutor;
  readonly #live = new LiveRuns();
  readonly #audience: Audience;
  readonly #admission: Admission;
  readonly #lookup: RunLookup;
  readonly #bounds: RunBounds;
  readonly #handover: Handover;
  readonly #tombstones = new Tombstones();
  readonly #startLine = new StartLine();
  readonly #recovery: Recovery;
  readonly #sweep: NodeJS.Timeout;

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: RunManagerOptions) {
    super(options.logger);
    checkKnownOptions(options, RUN_MANAGER_OPTIONS);
    const { executor, maxRunsPerConnection = 16, coalesceMs = 35 } = options;
    const { logger } = this;
    this.maxRunsPerConnection = checkNumber('maxRunsPerConnection', maxRunsPerConnection, { least: 1, integer: true });
    const bounds = new RunBounds(this.#live, options);
    this.coalescer = new Coalescer(checkNumber('coalesceMs', coalesceMs, { least: 1, most: MAX_DELAY_MS }));
    checkMethods('executor', 'a RunExecutor, such as an AgentExecutor', executor, ['check', 'execute']);
    const { store } = options;
    checkMethods('store', 'a RunStore, such as a MemoryRunStore', store, ['create', 'open', 'list', 'unfinished']);
    this.store = store;
    this.#executor = executor;
    this.#bounds = bounds;
    this.#audience = new Audience({
      maxRunsPerConnection,
      // Who is sent away did not leave.
      onReaderLeft: (run, negotiated) => {
        if (!this.#handover.isLeaving) bounds.onReaderLeft(run, negotiated);
      },
      logger,
    });
    this.#handover = new Handover({ live: this.#live, store, executor, owner: this, logger });
    this.#lookup = new RunLookup(this.#live, store, this.#handover);
    this.#admission = new Admission({
      store,
      live: this.#live,
      executor,
      audience: this.#audience,
      bounds,
      handover: this.#handover,
    });
    this.#sweep = setInterval(() => this.#expire(), bounds.sweepMs);
    this.#sweep.unref();
    this.#recovery = new Recovery(this.#handover, store, logger);
  }

  /** Runs in progress. */
  get size(): number {
    return this.#live.size;
  }

  [Symbol.iterator](): IterableIterator<Run> {
    return this.#live[Symbol.iterator]();
  }

  /**
   * Pending while the runs an earlier process left are being read: what a client asks for waits for it. `undefined` once
   * they are here, which is from the start with a store in memory or SQLite.
   */
  get recovering(): Promise<void> | undefined {
    return this.#recovery.pending;
  }

  /**
   * The run of this owner, in progress or kept for reading again. A promise where the store gives one, or while the id is
   * being claimed.
   */
  get(principal: Principal, id: string): Awaitable<RunHandle | undefined> {
    return this.#lookup.find(principal.id, id);
  }

  /**
   * Claims the id of a request, in the order of the calls; in a promise where the store takes its time. Room and turn are
   * taken before that, so that requests at the same moment do not share one place.
   * @throws AgentSocketError (or rejects with it) `too_many_runs`, `run_id_conflict`, `run_expired`, or what the executor's
   * `check` throws; anything else where the store cannot claim the id. The id is then as it was.
   */
  accept(connection: Connection, request: RunRequest): Awaitable<Acceptance> {
    const { principal } = connection;
    const { run_id: id } = request;
    const known = id === undefined ? undefined : this.get(principal, id);
    return andThen(known, (run) => {
      if (run !== undefined) return this.#repeat(connection, run, hashRequest(request));
      // Somebody else may have claimed it while the store was asked.
      const claimed = id === undefined ? undefined : this.#lookup.here(principal.id, id);
      if (claimed !== undefined) return andThen(claimed, () => this.accept(connection, request));
      return this.#admission.claim(connection, request, (admitted) => this.#onAdmitted(connection, request, admitted));
    });
  }

  /**
   * Finds a run that can be read.
   * @throws AgentSocketError (or rejects with it) `run_not_found`; `too_many_runs` for one reader too many.
   */
  find(connection: Connection, id: string): Awaitable<RunHandle> {
    return andThen(this.get(connection.principal, id), (run) => {
      if (run === undefined) throw notFound();
      this.#audience.admit(connection, id);
      return run;
    });
  }

  /** Whether a connection has not been sent yet what there is of the runs it reads. */
  isBehind(connection: Connection): boolean {
    return this.#audience.isBehind(connection);
  }

  /** How many runs of the conversation end before this one starts; 0 where it waits for none. */
  placeOf(run: RunHandle): number {
    return this.#live.placeOf(run);
  }

  /** Whether a conversation has a run in progress, or one whose id is being claimed. */
  isBusy(owner: string, conversationId: string): boolean {
    return this.#live.lineOf(owner, conversationId).length > 0;
  }

  /**
   * The newest 1,000 runs that can be read, oldest first: of the owner, or those this connection started or resumed
   * where `all` is false.
   */
  list(connection: Connection, all: boolean): Awaitable<StoredRun[]> {
    const owner = connection.principal.id;
    if (all) return this.store.list(owner, MAX_LISTED);
    // Not by filtering: everybody nobody knows is one owner.
    const seen = allOf([...this.#audience.seenBy(connection)].map((id) => this.store.open(owner, id)));
    return andThen(seen, (found) =>
      found.filter((run) => run !== undefined).sort((a, b) => a.meta.createdAt - b.meta.createdAt),
    );
  }

  /**
   * Lets a connection read a run after a position: what is there first, then what comes, without a hole.
   * A connection reads a run once: asking again moves its position.
   */
  subscribe(connection: Connection, run: RunHandle, after: number, requestId: string | undefined): Subscription {
    return this.#audience.subscribe(connection, run, { after, requestId });
  }

  /**
   * Lets a connection read every run of a conversation from now on, those in progress included.
   * Returns `false` where it watches as many conversations as it may.
   */
  watch(connection: Connection, conversationId: string): boolean {
    return this.#audience.watch(connection, conversationId);
  }

  /** The runs of a conversation in progress, in the order of their turns. */
  inProgress(owner: string, conversationId: string): readonly Run[] {
    return this.#live.ofConversation(owner, conversationId);
  }

  /** The connections that watch a conversation. */
  watchersOf(owner: string, conversationId: string): Iterable<Connection> {
    return this.#audience.watchersOf(owner, conversationId);
  }

  /** Ends {@link watch}; runs that are read already are read on. */
  unwatch(connection: Connection, conversationId: string): void {
    this.#audience.unwatch(connection, conversationId);
  }

  /** Tells a connection of a run in a conversation it watches, and lets it read it where there is room. */
  introduce(connection: Connection, run: RunHandle): void {
    this.#audience.introduce(connection, run);
  }

  /**
   * Decides about a tool call of a run. The first decision counts; whoever comes later is told it.
   * @throws AgentSocketError (or rejects with it) `run_not_found`, `approval_not_found`
   */
  approve(principal: Principal, id: string, toolCallId: string, decision: Decision): Awaitable<Decision> {
    return andThen(this.get(principal, id), (run) => {
      if (run === undefined) throw notFound();
      return andThen(run.decide(toolCallId, decision), (standing) => {
        if (standing === undefined) throw approvalNotFound();
        return standing;
      });
    });
  }

  /**
   * Stops one run of the owner, or every run the connection reads, and waits until they are over and
   * the connection has been sent everything of them. An unknown id is remembered: the run that arrives within 60 s is cancelled.
   * What the connection asked for before is looked up or claimed first.
   */
  async cancel(connection: Connection, id: string | undefined): Promise<Cancellation> {
    const cancelling = await inTurn(connection, () => this.#cancel(connection, id));
    return cancelling?.done(this.store) ?? { outcome: 'nothing_running', runIds: [] };
  }

  /**
   * Takes no new runs, waits until those in progress are over, for `ms` milliseconds at most, and interrupts the rest.
   * Runs that wait for a person are left as they are where the store outlives the process.
   * @param farewell - called when no other run is in progress any more: until it is done, those that wait for a person can
   * still be decided about and cancelled. Connections are closed in it.
   */
  async drain(ms: number, farewell?: () => Promise<void>): Promise<void> {
    this.#recovery.stop();
    await this.#handover.drain(ms, farewell);
    clearInterval(this.#sweep);
  }

  /** Called by a run. */
  onAppended(run: Run, bytes: number): void {
    this.#bounds.count(run, bytes);
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
        // A run whose end was lost ends a second time, for its readers.
        if (this.#live.leave(run)) this.emit('end', run);
      }
      this.#handover.checkIdle();
    }
  }

  /** Called by a run. */
  onFault(run: Run, error: unknown): void {
    this.logger.error({ runId: run.id, err: error }, 'A run failed');
  }

  #onAdmitted(connection: Connection, request: RunRequest, admitted: Admitted): Acceptance {
    if (admitted.place !== undefined) return this.#enter(connection, request, admitted.place, admitted.log);
    return this.#repeat(connection, this.#lookup.handleOf(admitted.existing), hashRequest(request));
  }

  #enter(connection: Connection, request: RunRequest, place: Place, log: RunLog): Acceptance {
    const { principal } = connection;
    const run = new Run(place.meta, principal, log, this, {
      onDisconnect: request.on_disconnect,
      canApprove: connection.negotiated,
      ...('query' in request && {
        query: request.query,
        attachments: request.attachments?.map(describeAttachment),
        replaceFrom: request.replace_from,
      }),
    });
    run.metadata = connection.metadata;
    run.requestBytes = place.bytes;
    run.connectionId = connection.id;
    const begin = (): void => run.start(() => this.#executor.execute(run, request));
    this.#live.enter(place, run);
    const before = this.#live.before(place);
    if (before.length > 0) {
      place.begin = begin;
      run.enter('queued');
    }
    if ('when_busy' in request && request.when_busy === 'interrupt') {
      for (const other of before) replace(other);
    }
    this.#audience.see(connection, run.id);
    this.emit('start', run);
    return {
      status: 'created',
      run,
      begin: () => {
        this.#audience.announce(run, connection);
        if (this.#tombstones.take(runKey(principal.id, run.id))) run.stop({ state: 'cancelled', reason: 'requested' });
        else if (place.isReplaced) run.stop({ state: 'cancelled', reason: 'replaced' });
        else if (this.#handover.isLeaving) run.stop({ state: 'interrupted' });
        else if (run.state === 'accepted') this.#startLine.join(begin);
      },
    };
  }

  #repeat(connection: Connection, known: RunHandle, requestHash: string): Acceptance {
    if (known.meta.requestHash !== requestHash) throw conflict();
    this.#audience.admit(connection, known.id);
    return { status: 'existing', run: known };
  }

  /** `undefined` for an unknown id, which is remembered. */
  #cancel(connection: Connection, id: string | undefined): Awaitable<Cancelling | undefined> {
    const { principal } = connection;
    const known = id === undefined ? undefined : this.get(principal, id);
    return andThen(known, (run) => {
      if (id === undefined || run !== undefined) {
        return new Cancelling(connection, run, this.#audience.readBy(connection));
      }
      this.#tombstones.add(runKey(principal.id, id));
      return undefined;
    });
  }

  #expire(): void {
    void orElse(
      () => this.store.expire(),
      // A store that cannot forget is no reason to end the process.
      (error) => this.logger.error({ err: error }, 'The run store failed to expire'),
    );
    this.#live.sweep();
    this.#bounds.sweep();
  }
}

function describeAttachment({ type, media_type: mediaType, name, data, url }: QueryAttachment): AttachmentInfo {
  return { type, mediaType, name, bytes: data === undefined ? undefined : Buffer.byteLength(data, 'base64'), url };
}

/** A later request takes the turn of this one, which may not even be claimed yet. */
function replace(place: Place): void {
  place.isReplaced = true;
  place.run?.stop({ state: 'cancelled', reason: 'replaced' });
}
