import type { Principal } from '../connection/principal.js';
import type { RunLog } from '../log/run-log.js';
import type { RunRequest } from '../protocol/client-messages.js';
import { andThen, orElse, type Awaitable } from '../runtime/awaitable.js';
import { checkOptions } from '../runtime/option-table.js';
import { OptionError } from '../runtime/option-error.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import type { Cluster, ClusterListener } from '../store/cluster.js';
import type { WorkQueue } from '../store/work-queue.js';
import { isFinal } from '../store/run-state.js';
import type { RunStore, StoredRun } from '../store/run-store.js';
import { Admission, type Admitted } from './admission.js';
import type { Decision } from './approvals.js';
import { ClusterRuns, type ClusterRunsOptions } from './cluster-runs.js';
import type { LineWatch } from './line-watch.js';
import { Drain } from './drain.js';
import { RemoteRun } from './remote-run.js';
import { optionsOf } from './run-order.js';
import { LiveRuns, type Place } from './live-runs.js';
import { Recovery } from './recovery.js';
import { hashRequest } from './request-hash.js';
import { ownerOf, type RunAsker } from './run-asker.js';
import { RunBounds } from './run-bounds.js';
import { approvalNotFound, conflict, notFound } from './run-errors.js';
import type { RunExecutor } from './run-executor.js';
import type { RunHandle } from './run-handle.js';
import type { RunListener } from './run-listener.js';
import { RunPace } from './run-pace.js';
import type { CreatedRun, RunEvents } from './run-events.js';
import { RunLookup } from './run-lookup.js';
import { RUN_OPTIONS, type RunManagerOptions } from './run-manager-options.js';
import { RunShares } from './run-shares.js';
import { usageOfRun, type RunUsage } from './run-usage.js';
import { Run } from './run.js';
import { StartThrottle } from './start-throttle.js';
import { Tombstones } from './tombstones.js';

/** How many runs {@link RunManager.list} returns. */
const MAX_LISTED = 1_000;

/**
 * The runs of a server. Creating a run claims its id; its readers are connected before it is started. The manager keeps
 * the queue of each conversation and the limits, and knows neither models nor readers.
 */
export class RunManager<P extends Principal = Principal> extends TypedEmitter<RunEvents<P>> implements Iterable<Run> {
  readonly store: RunStore;
  /** Counts of the text of all runs. */
  readonly pace = new RunPace();
  readonly #executor: RunExecutor;
  readonly #live: LiveRuns;
  readonly #listener: RunListener<Run>;
  readonly #admission: Admission;
  readonly #lookup: RunLookup;
  readonly #bounds: RunBounds;
  readonly #drain: Drain;
  readonly #tombstones = new Tombstones();
  readonly #throttle = new StartThrottle();
  readonly #recovery: Recovery;
  /** The runs of other nodes, if there are any. */
  readonly #cluster: ClusterRuns | undefined;
  readonly #nodes: Cluster | undefined;
  readonly #sweep: NodeJS.Timeout;

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: RunManagerOptions) {
    const checked = checkOptions(options, RUN_OPTIONS);
    const { executor, store, logger, maxLogBytes } = checked;
    super(logger);
    if (checked.queue !== undefined && checked.cluster === undefined) {
      throw new OptionError('queue', 'absent without a store of several processes', checked.queue);
    }
    const shares = new RunShares({
      owner: { maxRuns: checked.maxRunsPerOwner, maxBytes: checked.maxLogBytesPerOwner ?? maxLogBytes / 4 },
      address: { maxRuns: checked.maxRunsPerAddress, maxBytes: checked.maxLogBytesPerAddress ?? maxLogBytes / 2 },
    });
    const live = (this.#live = new LiveRuns(shares));
    const bounds = (this.#bounds = new RunBounds(live, checked));
    this.store = store;
    this.#executor = executor;
    this.#drain = new Drain(live);
    const listener = (this.#listener = this.#listen());
    this.#recovery = new Recovery({ live, store, executor, listener, logger, onBegin: (run) => this.start(run) });
    this.#nodes = checked.cluster;
    this.#cluster = checked.cluster && this.#share(checked.cluster, checked);
    this.#lookup = new RunLookup(live, store, this.#drain, this.#recovery, this.#cluster);
    this.#admission = new Admission({
      store,
      live,
      executor,
      bounds,
      drain: this.#drain,
      beforeRun: checked.beforeRun,
      shared: checked.cluster && {
        maxRunsOfOwner: checked.maxRunsPerOwner,
        line: checked.queue && { queue: checked.queue, max: checked.maxQueued },
      },
    });
    this.#sweep = setInterval(() => this.#expire(), bounds.sweepMs);
    this.#sweep.unref();
    this.#recovery.begin();
  }

  /** Number of runs in progress. */
  get size(): number {
    return this.#live.size;
  }

  /** Memory that the runs in progress hold, in bytes. */
  get heldBytes(): number {
    return this.#live.bytes;
  }

  [Symbol.iterator](): IterableIterator<Run> {
    return this.#live[Symbol.iterator]();
  }

  /**
   * Pending while the runs of an earlier process are being read: requests of clients wait for it. `undefined`
   * afterwards; stores in memory and SQLite are read at once.
   */
  get recovering(): Promise<void> | undefined {
    return this.#recovery.pending;
  }

  /**
   * The run of this owner, in progress or stored. A promise if the store returns one, or while the id is being claimed.
   */
  get(principal: Principal, id: string): Awaitable<RunHandle | undefined> {
    return this.#lookup.find(principal.id, id);
  }

  /**
   * Claims the id of a request and creates its run, in the order of the calls. Before that, the limits are checked and
   * the place in the queue of the conversation is taken. A known id gives the existing run, and nothing is executed.
   * The result is a promise if the store returns one.
   * @throws AgentSocketError (or rejects with it) `too_many_runs`, `run_id_conflict`, `run_expired`, `conversation_busy`, or
   * an error of the executor's `check` or of `beforeRun`; any other error if the store cannot claim the id: it is free then.
   */
  create(asker: RunAsker, request: RunRequest): Awaitable<CreatedRun> {
    const owner = ownerOf(asker);
    const { run_id: id } = request;
    const known = id === undefined ? undefined : this.#lookup.find(owner, id);
    return andThen(known, (run) => {
      if (run !== undefined) return repeat(run, hashRequest(request));
      // Another request may have claimed the id while the store was asked.
      const claimed = id === undefined ? undefined : this.#lookup.here(owner, id);
      if (claimed !== undefined) return andThen(claimed, () => this.create(asker, request));
      return this.#admission.claim(asker, request, (admitted) => this.#onAdmitted(asker, request, admitted));
    });
  }

  /**
   * Starts a new run, now or in its turn in the conversation. A run that was cancelled before it was created ends now.
   * Does nothing if the run has started.
   */
  start(run: RunHandle): void {
    if (!(run instanceof Run)) return this.#offer(run);
    if (!this.#live.ready(run)) return;
    this.emit('start', run);
    const stop = this.#tombstones.take(run.meta.owner, run.id) ? 'requested' : this.#live.stopOf(run);
    if (stop !== undefined) run.stop({ state: 'cancelled', reason: stop });
    else if (this.#drain.isLeaving) run.stop({ state: 'interrupted' });
    else if (this.#live.positionOf(run) === 0) this.#throttle.join(() => run.start());
  }

  /**
   * Remembers an id for 60 s: a run that is created with it is cancelled when it starts.
   * @param remoteAddress - the address of the client that cancels
   * @throws AgentSocketError `rate_limited` if the owner, or the clients of the address, have 1,000 such ids.
   */
  cancelOnArrival({ id: owner }: Principal, id: string, remoteAddress?: string): Awaitable<void> {
    this.#tombstones.add(owner, id, remoteAddress);
    return this.#nodes?.stop(owner, id, 'requested');
  }

  /** How many runs of the conversation end before this one starts; 0 if the run waits for none. */
  positionOf(run: RunHandle): number {
    if (run instanceof RemoteRun) return run.position;
    return run instanceof Run ? this.#live.positionOf(run) : 0;
  }

  /** Whether a conversation has a run in progress or being claimed. */
  isBusy(owner: string, conversationId: string): Awaitable<boolean> {
    if (this.#live.queueOf(owner, conversationId).length > 0) return true;
    return andThen(this.inProgress(owner, conversationId), (runs) => runs.length > 0);
  }

  /** The runs of a conversation in progress on all nodes, in the order of their turns. */
  inProgress(owner: string, conversationId: string): Awaitable<readonly RunHandle[]> {
    const nodes = this.#nodes;
    if (nodes === undefined) return this.inProgressHere(owner, conversationId);
    return andThen(nodes.inProgress(owner, conversationId), (all) =>
      all.map((stored) => this.#lookup.handleOf(stored)),
    );
  }

  /** The runs of a conversation that this process executes, in the order of their turns. */
  inProgressHere(owner: string, conversationId: string): readonly Run[] {
    return this.#live.ofConversation(owner, conversationId);
  }

  /** Asks for the event `elsewhere` for a conversation, or asks for it no more. */
  watch(owner: string, conversationId: string, active: boolean): void {
    this.#nodes?.watch(owner, conversationId, active);
  }

  /** The newest 1,000 runs of this owner that can be read, oldest first. */
  list(principal: Principal): Awaitable<StoredRun[]> {
    return this.store.list(principal.id, MAX_LISTED);
  }

  /**
   * Decides about a tool call of a run. The first decision counts, and every call returns it.
   * @throws AgentSocketError (or rejects with it) `run_not_found`, `approval_not_found`
   */
  approve(principal: Principal, id: string, toolCallId: string, decision: Decision): Awaitable<Decision> {
    return andThen(this.get(principal, id), (run) => {
      if (run === undefined) throw notFound();
      return andThen(this.#decide(run, toolCallId, decision, principal), (standing) => {
        if (standing === undefined) throw approvalNotFound();
        return standing;
      });
    });
  }

  /** The line in which runs wait for workers: the one of the options, or the one that this node takes runs from. */
  get queue(): WorkQueue | undefined {
    return this.#cluster?.queue;
  }

  /** Whether there are workers for the `queue` of the options; `undefined` without one. */
  get lineWatch(): LineWatch | undefined {
    return this.#cluster?.lineWatch;
  }

  /**
   * Makes this node a worker: executes the runs that services leave in the line, until the queue is closed. Called once.
   * @param queue - the line; whoever opens the queue closes it, before the server ends
   * @param concurrency - how many runs are executed at the same time
   * @throws OptionError if the store is not one for several processes, or an argument breaks its rule
   */
  work(queue: WorkQueue, concurrency: number): void {
    if (this.#cluster === undefined) throw new OptionError('store', 'Workers need a "store" for several processes');
    this.#cluster.take(queue, concurrency);
  }

  /** Forgets the runs of owners whose data is lost: nothing of them can be stored any more. */
  lose(isOf: (owner: string) => boolean): void {
    for (const { meta } of [...this.#live.known()]) if (isOf(meta.owner)) this.#cluster?.onFenced(meta.owner, meta.id);
  }

  /** What the other nodes want of the runs of this one. */
  get clusterListener(): Omit<ClusterListener, 'describe' | 'onEvent' | 'onLost'> {
    if (this.#cluster === undefined) throw new Error('The runs belong to no cluster');
    return this.#cluster;
  }

  /**
   * Accepts no new runs, waits for the runs in progress for at most `ms` milliseconds, and interrupts the rest. If the
   * store outlives the process, runs that wait for a person stay as they are.
   * @param beforeLeaving - called when all runs in progress wait for a person: until it is done, they can still be
   * decided about and cancelled. The caller closes the connections in it.
   * @param isLeft - whether runs that wait for a person stay as they are
   */
  async drain(ms: number, beforeLeaving?: () => Promise<void>, isLeft = this.store.isDurable): Promise<void> {
    this.#recovery.stop();
    await this.#drain.run(ms, isLeft, beforeLeaving);
    clearInterval(this.#sweep);
  }

  #listen(): RunListener<Run> {
    return {
      pace: this.pace,
      onAppended: (run, bytes) => this.#bounds.count(run, bytes),
      onDraft: (run, text) => this.store.keepDraft(run.meta.owner, run.id, text),
      onState: (run, checkpoint) => this.#onState(run, checkpoint),
      onUnread: (run, canReturn) => {
        // A connection that the server closes has not left its runs.
        if (!this.#drain.isLeaving) this.#bounds.onUnread(run, canReturn);
      },
      onFault: (run, error) => this.logger.error({ runId: run.id, err: error }, 'A run failed'),
      onModel: (run, report) => this.emit('model', run, report),
      onTool: (run, done) => this.emit('tool', run, done),
    };
  }

  #onState(run: Run, checkpoint: string | undefined): void {
    const { owner, id } = run.meta;
    try {
      this.store.setState(owner, id, run.state, checkpoint);
    } finally {
      // A run whose end was lost ends again, for its readers.
      if (isFinal(run.state) && this.#live.leave(run)) this.#onEnd(run);
      this.#drain.checkIdle();
      this.#cluster?.onState(run);
    }
  }

  #onEnd(run: Run): void {
    this.emit('end', run);
    const usage = usageOfRun(run);
    if (usage !== undefined) this.emit('usage', usage as RunUsage<P>);
  }

  #decide(
    run: RunHandle,
    toolCallId: string,
    decision: Decision,
    principal: Principal,
  ): Awaitable<Decision | undefined> {
    const asked = run.approvals.open.find(({ call }) => call.toolCallId === toolCallId);
    return andThen(run.decide(toolCallId, decision), (standing) => {
      if (standing === decision && asked !== undefined) {
        const { toolName } = asked.call;
        this.emit('approval', { run, toolCallId, toolName, approved: decision.approved, principal: principal as P });
      }
      return standing;
    });
  }

  #share(cluster: Cluster, { queue, detachGraceMs }: Pick<ClusterRunsOptions, 'queue' | 'detachGraceMs'>): ClusterRuns {
    return new ClusterRuns({
      ...{ cluster, queue, detachGraceMs },
      live: this.#live,
      recovery: this.#recovery,
      logger: this.logger,
      start: (run) => this.#throttle.join(() => run.start()),
      // The principal of another node is known by its id alone, and so is the owner.
      decide: (run, toolCallId, decision) => void this.#decide(run, toolCallId, decision, { id: run.meta.owner }),
      onCreated: (run) => this.emit('elsewhere', run),
    });
  }

  #onAdmitted(asker: RunAsker, request: RunRequest, admitted: Admitted): CreatedRun {
    switch (admitted.to) {
      case 'run':
        return { isNew: true, run: this.#enter(asker, request, admitted.place, admitted.log) };
      case 'repeat':
        return repeat(this.#lookup.handleOf(admitted.existing), hashRequest(request));
      case 'wait': {
        const run = this.#cluster?.remote(admitted.waiting);
        if (run === undefined) throw new Error('Only a cluster has workers');
        run.position = admitted.position;
        run.rank = admitted.rank;
        return { isNew: true, run };
      }
    }
  }

  /** Puts a run into the line for workers, if it is its turn in the conversation. */
  #offer(run: RunHandle): void {
    if (!(run instanceof RemoteRun)) return;
    this.emit('elsewhere', run);
    if (run.position === 0) this.#cluster?.offer(run.meta.owner, run.id, run.rank);
  }

  #enter(asker: RunAsker, request: RunRequest, place: Place, log: RunLog): Run {
    const run = new Run({
      meta: place.meta,
      principal: asker.principal,
      log,
      listener: this.#listener,
      work: (self) => this.#executor.execute(self, request),
      options: optionsOf(asker, request),
      connectionId: asker.connectionId,
      metadata: asker.metadata,
      trace: asker.trace,
      requestBytes: place.bytes,
    });
    this.#live.enter(place, run);
    const before = this.#live.before(place);
    if (this.#live.positionOf(run) > 0) run.enter('queued');
    if ('when_busy' in request && request.when_busy === 'interrupt') {
      for (const other of before) replace(other);
    }
    return run;
  }

  #expire(): void {
    void orElse(
      () => this.store.expire(),
      // A failure to expire must not end the process.
      (error) => this.logger.error({ err: error }, 'The run store failed to expire'),
    );
    this.#live.sweep();
    this.#bounds.sweep();
  }
}

function repeat(run: RunHandle, requestHash: string): CreatedRun {
  if (run.meta.requestHash !== requestHash) throw conflict();
  return { isNew: false, run };
}

/** Lets a later request take the turn of this run, which may not be claimed yet. */
function replace(place: Place): void {
  place.stop ??= 'replaced';
  place.run?.stop({ state: 'cancelled', reason: 'replaced' });
}
