import type { Cluster, RunFacts } from '../store/cluster.js';
import { isFinal } from '../store/run-state.js';
import type { StoredRun } from '../store/run-store.js';
import type { WorkQueue } from '../store/work-queue.js';
import type { Logger } from '../runtime/logger.js';
import { isLater } from '../runtime/awaitable.js';
import { integer } from '../runtime/rule.js';
import { aWorkQueue } from '../store/store-rules.js';
import type { Decision } from './approvals.js';
import { LineWatch } from './line-watch.js';
import type { LiveRuns } from './live-runs.js';
import type { Recovery } from './recovery.js';
import { RemoteRun } from './remote-run.js';
import type { Run } from './run.js';

/** What {@link ClusterRuns} takes. */
export interface ClusterRunsOptions {
  readonly cluster: Cluster;
  /** How long a run waits for readers that can come back, in milliseconds. */
  readonly detachGraceMs: number;
  /** Where runs wait for workers. */
  readonly queue: WorkQueue | undefined;
  readonly live: LiveRuns;
  readonly recovery: Recovery;
  readonly logger: Logger;
  /** Starts a run whose turn it is. */
  readonly start: (run: Run) => void;
  /** Decides about a tool call of a run of this node. */
  readonly decide: (run: Run, toolCallId: string, decision: Decision) => void;
  /** A run of another node began in a conversation that is watched here. */
  readonly onCreated: (run: RemoteRun) => void;
}

/** The runs of a cluster: those of other nodes, and what other nodes want of those of this node. */
export class ClusterRuns {
  /** Whether there are workers for the runs that this node leaves in the line; `undefined` if it leaves none there. */
  readonly lineWatch: LineWatch | undefined;
  readonly #options: ClusterRunsOptions;
  #queue: WorkQueue | undefined;
  /** Frees the place of a run that this node took from the line. */
  readonly #idle = new WeakMap<Run, () => void>();
  /** One handle for each stored run, which a store keeps as long as its log is followed. */
  readonly #remote = new WeakMap<StoredRun, RemoteRun>();

  constructor(options: ClusterRunsOptions) {
    this.#options = options;
    const { cluster, queue, logger } = options;
    this.#queue = queue;
    this.lineWatch = queue && new LineWatch({ cluster, queue, logger });
  }

  /** The line that runs wait in, or that this node takes runs from. */
  get queue(): WorkQueue | undefined {
    return this.#queue;
  }

  /** Whether another node executes the run, or none does yet. */
  isElsewhere({ host }: StoredRun): boolean {
    return host !== this.#options.cluster.nodeId;
  }

  /** The handle of a run of another node. */
  remote(stored: StoredRun): RemoteRun {
    const { cluster, detachGraceMs } = this.#options;
    let run = this.#remote.get(stored);
    if (run === undefined) this.#remote.set(stored, (run = new RemoteRun(stored, cluster, detachGraceMs)));
    return run;
  }

  /** Other nodes want something of a run of this node. */
  onFacts(owner: string, id: string, { stop, decisions = {}, readers }: RunFacts): void {
    const { live, decide } = this.#options;
    const run = live.get(owner, id);
    if (run === undefined) return;
    if (readers !== undefined) run.readers.readElsewhere(Object.values(readers));
    for (const [toolCallId, decision] of Object.entries(decisions)) decide(run, toolCallId, decision);
    if (stop !== undefined) run.stop({ state: 'cancelled', reason: stop });
  }

  /** A run is the first of its conversation. One that waits for a worker gets into the line. */
  onTurn(owner: string, id: string): void {
    const { live, start } = this.#options;
    const run = live.get(owner, id);
    if (run === undefined) return this.offer(owner, id, 0);
    if (live.turn(run)) start(run);
  }

  /** Puts a run into the line for workers. If that fails, a node does it again within seconds. */
  offer(owner: string, id: string, rank: number): void {
    const { logger } = this.#options;
    const failed = (error: unknown): void => logger.error({ runId: id, err: error }, 'A run cannot get into the line');
    try {
      const added = this.#queue?.add({ owner, id }, rank);
      if (isLater(added)) added.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** This node is the host of a run now: it goes on, begins, or ends. */
  onOrphan(stored: StoredRun): void {
    const { recovery, logger } = this.#options;
    const { work, log, stop } = stored;
    if (work !== undefined && log.head === 0 && stop !== undefined) this.#withdraw(stored);
    try {
      recovery.recover(stored);
    } catch (error) {
      logger.error({ runId: stored.meta.id, err: error }, 'A run of another node cannot be taken over');
    }
  }

  /** Another node is the host of a run of this node: its readers go on there. */
  onFenced(owner: string, id: string): void {
    const { live } = this.#options;
    const run = live.get(owner, id);
    if (run === undefined) return;
    run.suspend();
    live.drop(run);
    run.readers.move();
  }

  /** What was read of a run of another node is lost: its readers ask again. */
  onUnreadable(stored: StoredRun): void {
    this.#remote.get(stored)?.move();
  }

  /** Another node has created a run in a conversation that is watched here. */
  onCreated(stored: StoredRun): void {
    if (!isFinal(stored.state) && this.isElsewhere(stored)) this.#options.onCreated(this.remote(stored));
  }

  /**
   * Takes runs from the line for workers, until the queue is closed.
   * @throws OptionError if an argument breaks its rule
   */
  take(queue: WorkQueue, concurrency: number): void {
    const { cluster, live } = this.#options;
    aWorkQueue.read('queue', queue);
    integer(1).read('concurrency', concurrency);
    this.#queue = queue;
    queue.take(concurrency, async ({ owner, id }) => {
      if ((await cluster.adopt(owner, id)) === undefined) return;
      const run = live.get(owner, id);
      // A tool call may wait for a person before anything else happens.
      if (run !== undefined && run.state !== 'waiting_approval') await this.#untilIdle(run);
    });
    cluster.announce();
  }

  /** A run has changed its state: a person may take long, and meanwhile a worker does other runs. */
  onState(run: Run): void {
    if (run.state === 'waiting_approval') this.#idle.get(run)?.();
  }

  /** Takes a run that is never begun out of the line, so that it does not count there. */
  #withdraw({ meta: { owner, id } }: StoredRun): void {
    // A ticket that stays is dropped by the worker that takes it.
    const failed = (error: unknown): void =>
      this.#options.logger.debug({ runId: id, err: error }, 'A run stays in the line, though it has ended');
    try {
      const removed = this.#queue?.remove({ owner, id });
      if (isLater(removed)) removed.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #untilIdle(run: Run): Promise<void> {
    const idle = new Promise<void>((resolve) => this.#idle.set(run, resolve));
    return Promise.race([run.ended, idle]);
  }
}
