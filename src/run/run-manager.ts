import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import type { AttachmentInfo } from '../conversation/conversation-store.js';
import { checkKnownOptions } from '../errors/check-known-options.js';
import { checkMethods } from '../errors/check-methods.js';
import { checkNumber, MAX_DELAY_MS } from '../errors/check-number.js';
import { TypedEmitter } from '../events/typed-emitter.js';
import type { QueryAttachment, RunRequest } from '../protocol/client-messages.js';
import type { Decision } from './approvals.js';
import { Audience } from './audience.js';
import { cancelRuns, type Cancellation } from './cancellation.js';
import { Coalescer } from './coalescer.js';
import { Handover } from './handover.js';
import { LiveRuns } from './live-runs.js';
import { MemoryRunStore } from './memory-run-store.js';
import { hashRequest } from './request-hash.js';
import { RunBounds } from './run-bounds.js';
import type { RunExecutor } from './run-executor.js';
import { runKey } from './run-key.js';
import { RUN_MANAGER_OPTIONS, type RunManagerOptions } from './run-manager-options.js';
import {
  approvalNotFound,
  conflict,
  conversationBusy,
  expired,
  lineFull,
  notFound,
  restarting,
  serverFull,
} from './run-errors.js';
import { isFinal } from './run-state.js';
import type { RunMeta, RunStore, StoredRun } from './run-store.js';
import type { RunOwner } from './run-owner.js';
import { Run } from './run.js';
import { StandingDecisions } from './standing-decisions.js';
import { StartLine } from './start-line.js';
import type { Subscription } from './subscription.js';
import { Tombstones } from './tombstones.js';

/** Runs told by `list_runs`, the newest. */
const MAX_LISTED = 1_000;

/** Runs of one conversation in progress or in line: each may be told of to everybody who watches. */
const MAX_LINE = 64;

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

/** The runs of a server: claims their ids, starts, stops and bounds them, and lets connections read them. */
export class RunManager extends TypedEmitter<RunEvents> implements RunOwner, Iterable<Run> {
  readonly store: RunStore;
  readonly coalescer: Coalescer;
  readonly maxRunsPerConnection: number;
  readonly #executor: RunExecutor;
  readonly #live = new LiveRuns();
  readonly #audience: Audience;
  readonly #bounds: RunBounds;
  readonly #handover: Handover;
  readonly #tombstones = new Tombstones();
  readonly #decisions = new StandingDecisions();
  readonly #startLine = new StartLine();
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
    const { store = new MemoryRunStore() } = options;
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
    this.#sweep = setInterval(() => this.#expire(), bounds.sweepMs);
    this.#sweep.unref();
    for (const stored of store.unfinished()) this.#handover.recover(stored);
  }

  /** Runs in progress. */
  get size(): number {
    return this.#live.size;
  }

  [Symbol.iterator](): IterableIterator<Run> {
    return this.#live[Symbol.iterator]();
  }

  /** The run of this owner, in progress or kept for reading again. */
  get(principal: Principal, id: string): Run | StoredRun | undefined {
    return this.#live.get(principal.id, id) ?? this.store.open(principal.id, id);
  }

  /**
   * Claims the id of a request, synchronously and in the order of the calls.
   * @throws AgentSocketError `too_many_runs`, `run_id_conflict`, `run_expired`, or what the executor's `check` throws;
   * the id is then as it was.
   */
  accept(connection: Connection, request: RunRequest): Acceptance {
    const { principal } = connection;
    const id = request.run_id ?? randomUUID();
    const known = this.get(principal, id);
    if (known !== undefined) return this.#repeat(connection, known, hashRequest(request));
    this.#executor.check(request, {
      principal,
      runId: id,
      conversationId: 'conversation_id' in request ? request.conversation_id : undefined,
      metadata: connection.metadata,
    });
    if (this.#handover.isDraining) throw restarting();
    this.#audience.checkRoom(connection);
    const requestBytes = sizeOf(request);
    if (!this.#bounds.hasRoom(requestBytes)) throw serverFull();
    const requestHash = hashRequest(request);
    const conversationId = 'conversation_id' in request ? request.conversation_id : undefined;
    const before = conversationId === undefined ? [] : [...this.inProgress(principal.id, conversationId)];
    if (before.length > 0 && 'when_busy' in request && request.when_busy === 'reject') throw conversationBusy();
    if (before.length >= MAX_LINE) throw lineFull(MAX_LINE);
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
    if (claim.status === 'expired') throw claim.requestHash === requestHash ? expired() : conflict();
    // Nothing may be said of a run, and nothing done for it, that a crash would make forget.
    this.store.commit();
    const run = new Run(meta, principal, claim.log, this, {
      onDisconnect: request.on_disconnect,
      canApprove: connection.negotiated,
      ...('query' in request && {
        query: request.query,
        attachments: request.attachments?.map(describeAttachment),
        replaceFrom: request.replace_from,
      }),
    });
    run.metadata = connection.metadata;
    run.requestBytes = requestBytes;
    run.connectionId = connection.id;
    const begin = (): void => run.start(() => this.#executor.execute(run, request));
    this.#live.enter(run, before.length > 0 ? begin : undefined);
    if (before.length > 0) run.enter('queued');
    if ('when_busy' in request && request.when_busy === 'interrupt') {
      for (const other of before) other.stop({ state: 'cancelled', reason: 'replaced' });
    }
    this.#audience.see(connection, id);
    this.emit('start', run);
    return {
      status: 'created',
      run,
      begin: () => {
        this.#audience.announce(run, connection);
        if (this.#tombstones.take(runKey(principal.id, id))) run.stop({ state: 'cancelled', reason: 'requested' });
        else if (run.state === 'accepted') this.#startLine.join(begin);
      },
    };
  }

  /** Finds a run that can be read. @throws AgentSocketError `run_not_found`; `too_many_runs` for one reader too many. */
  find(connection: Connection, id: string): Run | StoredRun {
    const run = this.get(connection.principal, id);
    if (run === undefined) throw notFound();
    this.#audience.admit(connection, id);
    return run;
  }

  /** Whether a connection has not been sent yet what there is of the runs it reads. */
  isBehind(connection: Connection): boolean {
    return this.#audience.isBehind(connection);
  }

  /** How many runs of the conversation end before this one starts; 0 where it waits for none. */
  placeOf(run: Run): number {
    return this.#live.placeOf(run);
  }

  /** Whether a conversation has a run in progress. */
  isBusy(owner: string, conversationId: string): boolean {
    return this.inProgress(owner, conversationId).length > 0;
  }

  /**
   * The newest 1,000 runs that can be read, oldest first: of the owner, or those this connection started or resumed
   * where `all` is false.
   */
  list(connection: Connection, all: boolean): StoredRun[] {
    const owner = connection.principal.id;
    if (all) return this.store.list(owner, MAX_LISTED);
    // Not by filtering: everybody nobody knows is one owner.
    const seen = [...this.#audience.seenBy(connection)].flatMap((id) => this.store.open(owner, id) ?? []);
    return seen.sort((a, b) => a.meta.createdAt - b.meta.createdAt);
  }

  /**
   * Lets a connection read a run after a position: what is there first, then what comes, without a hole.
   * A connection reads a run once: asking again moves its position.
   */
  subscribe(connection: Connection, run: Run | StoredRun, after: number, requestId: string | undefined): Subscription {
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
  introduce(connection: Connection, run: Run): void {
    this.#audience.introduce(connection, run);
  }

  /**
   * Decides about a tool call of a run. The first decision counts; whoever comes later is told it.
   * @throws AgentSocketError `run_not_found`, `approval_not_found`
   */
  async approve(principal: Principal, id: string, toolCallId: string, decision: Decision): Promise<Decision> {
    const run = this.get(principal, id);
    if (run === undefined) throw notFound();
    const standing =
      run instanceof Run ? run.approvals.decide(toolCallId, decision) : await this.#decisions.find(run, toolCallId);
    if (standing === undefined) throw approvalNotFound();
    return standing;
  }

  /**
   * Stops one run of the owner, or every run the connection reads, and waits until they are over and
   * the connection has been sent everything of them. An unknown id is remembered: the run that arrives within 60 s is cancelled.
   */
  async cancel(connection: Connection, id: string | undefined): Promise<Cancellation> {
    const { principal } = connection;
    const known = id === undefined ? undefined : this.get(principal, id);
    if (id === undefined || known !== undefined) {
      return cancelRuns(connection, known, this.#audience.readBy(connection), this.store);
    }
    this.#tombstones.add(runKey(principal.id, id));
    return { outcome: 'nothing_running', runIds: [] };
  }

  /**
   * Takes no new runs, waits until those in progress are over, for `ms` milliseconds at most, and interrupts the rest.
   * Runs that wait for a person are left as they are where the store outlives the process.
   * @param farewell - called when no other run is in progress any more: until it is done, those that wait for a person can
   * still be decided about and cancelled. Connections are closed in it.
   */
  async drain(ms: number, farewell?: () => Promise<void>): Promise<void> {
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
        this.#live.leave(run);
        this.emit('end', run);
      }
      this.#handover.checkIdle();
    }
  }

  /** Called by a run. */
  onFault(run: Run, error: unknown): void {
    this.logger.error({ runId: run.id, err: error }, 'A run failed');
  }

  #repeat(connection: Connection, known: Run | StoredRun, requestHash: string): Acceptance {
    if (known.meta.requestHash !== requestHash) throw conflict();
    this.#audience.admit(connection, known.meta.id);
    return { status: 'existing', run: known };
  }

  #expire(): void {
    try {
      this.store.expire();
    } catch (error) {
      // A store that cannot forget is no reason to end the process.
      this.logger.error({ err: error }, 'The run store failed to expire');
    }
    this.#bounds.sweep();
  }
}

function describeAttachment({ type, media_type: mediaType, name, data, url }: QueryAttachment): AttachmentInfo {
  return { type, mediaType, name, bytes: data === undefined ? undefined : Buffer.byteLength(data, 'base64'), url };
}

/** Bytes of what a request holds: all other fields are short. */
function sizeOf(request: RunRequest): number {
  if (request.type === 'tool_call') return Buffer.byteLength(JSON.stringify(request.params));
  const { query, attachments = [] } = request;
  return attachments.reduce((sum, { data = '' }) => sum + data.length, Buffer.byteLength(query));
}
