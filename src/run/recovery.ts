import { isLater } from '../runtime/awaitable.js';
import type { Logger } from '../runtime/logger.js';
import { runKey } from '../store/run-key.js';
import type { RunStore, StoredRun } from '../store/run-store.js';
import type { LiveRuns } from './live-runs.js';
import type { RunExecutor } from './run-executor.js';
import type { RunListener } from './run-listener.js';
import { decodeOrder } from './run-order.js';
import type { RunCheckpoint, RunOptions } from './run-worker.js';
import { Run } from './run.js';

/** Pause between two attempts to read the runs of an earlier process, in milliseconds. */
const RETRY_MS = 1_000;

/** What {@link Recovery} takes. */
export interface RecoveryOptions {
  readonly live: LiveRuns;
  readonly store: RunStore;
  readonly executor: RunExecutor;
  /** Gets the events of the runs. */
  readonly listener: RunListener<Run>;
  readonly logger: Logger;
  /** Starts a run that waited for a worker. */
  readonly onBegin: (run: Run) => void;
}

/** Takes over unfinished runs of an earlier process. */
export class Recovery {
  readonly #options: RecoveryOptions;
  #pending: Promise<void> | undefined;
  /** Runs that were taken over because somebody asked for them, until the store has returned the rest. */
  readonly #askedFor = new Map<string, Run>();
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Pending until the store has answered. Rejects if an attempt fails; the promise of the next attempt replaces it. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /**
   * Takes over every unfinished run as soon as the store returns them.
   * @throws errors of a store that answers synchronously.
   */
  begin(): void {
    const left = this.#options.store.unfinished();
    if (isLater(left)) this.#await(left);
    else this.#takeOver(left);
  }

  /** Makes no more attempts: the next process takes over the rest. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  /**
   * Takes over one run: a run that waited for a person continues, one that nobody has begun begins, and any other is
   * interrupted.
   */
  recover(stored: StoredRun): Run {
    const { executor, live, listener } = this.#options;
    const { meta, log } = stored;
    // A client may have asked for the run by its id before, and the run may be over since.
    const here = live.get(meta.owner, meta.id) ?? this.#askedFor.get(runKey(meta.owner, meta.id));
    if (here !== undefined) return here;
    const { work: order, options: kept } = stored;
    // What is missing was not written by a node of the cluster.
    if (order !== undefined && kept !== undefined && log.head === 0 && stored.stop === undefined)
      return this.#begin(stored, order, JSON.parse(kept) as RunOptions);
    const restore = executor.restore?.bind(executor);
    const checkpoint = restore === undefined ? undefined : this.#checkpointOf(stored);
    if (checkpoint !== undefined && restore !== undefined) {
      const work = (run: Run): ReturnType<typeof restore> => restore(run, checkpoint.work);
      const { options, scopes } = checkpoint;
      const principal = { id: meta.owner, scopes };
      const run = new Run({ meta, principal, log, listener, work, options, state: 'waiting_approval' });
      run.readers.emptySince = performance.now();
      run.approvals.skewMs = stored.skewMs ?? 0;
      this.#start(run);
      if (stored.stop !== undefined) run.stop({ state: 'cancelled', reason: stored.stop });
      return run;
    }
    const principal = { id: meta.owner };
    return this.#start(new Run({ meta, principal, log, listener, work: (run) => this.#interrupt(run, stored) }));
  }

  /** Begins a run that waited for a worker. */
  #begin({ meta, log }: StoredRun, order: string, options: RunOptions): Run {
    const { executor, listener, onBegin } = this.#options;
    const { request, principal } = decodeOrder(order);
    const work = (run: Run): ReturnType<RunExecutor['execute']> => executor.execute(run, request);
    const run = new Run({ meta, principal, log, listener, work, options });
    const { live } = this.#options;
    live.enter(live.reserve(meta), run);
    onBegin(run);
    return run;
  }

  #start(run: Run): Run {
    const { live } = this.#options;
    live.enter(live.reserve(run.meta), run);
    if (this.#pending !== undefined) this.#askedFor.set(run.key, run);
    run.start();
    return run;
  }

  /** The work of an interrupted run: a client that stops the run waits until the end is recorded. */
  async #interrupt(run: Run, { draft, stop }: StoredRun): Promise<never> {
    const { executor, listener } = this.#options;
    try {
      await executor.recover?.(run, draft);
    } catch (error) {
      listener.onFault(run, error);
    }
    run.stop(stop === undefined ? { state: 'interrupted' } : { state: 'cancelled', reason: stop });
    throw new Error('The run was interrupted');
  }

  /** Decodes a checkpoint. A checkpoint that cannot be read counts as none, so that the server can start. */
  #checkpointOf({ state, checkpoint, meta }: StoredRun): RunCheckpoint | undefined {
    if (state !== 'waiting_approval' || checkpoint === undefined) return undefined;
    try {
      return JSON.parse(checkpoint) as RunCheckpoint;
    } catch (error) {
      this.#options.logger.error({ runId: meta.id, err: error }, 'A run cannot go on');
      return undefined;
    }
  }

  #await(left: Promise<StoredRun[]>): void {
    const attempt = left.then(
      (runs) => {
        this.#pending = undefined;
        this.#takeOver(runs);
        this.#askedFor.clear();
      },
      (error: unknown) => {
        this.#options.logger.error({ err: error }, 'The runs of an earlier process cannot be read yet');
        this.#await(this.#again());
        throw error;
      },
    );
    // Callers that wait get the error; otherwise the log of the server has it.
    attempt.catch(() => undefined);
    this.#pending = attempt;
  }

  async #again(): Promise<StoredRun[]> {
    await new Promise<void>((resolve) => {
      this.#retry = setTimeout(resolve, RETRY_MS);
      this.#retry.unref();
    });
    return this.#options.store.unfinished();
  }

  #takeOver(runs: readonly StoredRun[]): void {
    if (this.#isStopped) return;
    for (const stored of runs) this.recover(stored);
  }
}
