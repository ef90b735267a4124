import type { Logger } from '../runtime/logger.js';
import type { Cluster } from '../store/cluster.js';
import { lineConcurrency } from '../store/line-concurrency.js';
import type { WorkQueue } from '../store/work-queue.js';

/** How long there may be no worker until that is told, in milliseconds: one that restarts is back by then. */
const GRACE_MS = 5_000;

/** What {@link LineWatch} takes. */
export interface LineWatchOptions {
  readonly cluster: Pick<Cluster, 'nodes' | 'isReachable'>;
  readonly queue: Pick<WorkQueue, 'size'>;
  readonly logger: Logger;
}

/** Watches for a service whether any node takes runs from the line, and tells the log if runs wait there for none. */
export class LineWatch {
  readonly #options: LineWatchOptions;
  /** Since when there is no worker, on the monotonic clock. */
  #since: number | undefined;
  #hasNoWorkers = false;
  /** Whether the log has been told that there is no worker. */
  #isTold = false;
  #isAsking = false;

  constructor(options: LineWatchOptions) {
    this.#options = options;
  }

  /** Whether no node has taken runs for some seconds. */
  get hasNoWorkers(): boolean {
    return this.#hasNoWorkers;
  }

  /**
   * Looks at the nodes; called every second.
   * @param now - the time on the monotonic clock, in milliseconds
   */
  look(now: number): void {
    const { cluster } = this.#options;
    // Nobody beats meanwhile: what was known stays, and a worker has its time to come back afterwards.
    if (!cluster.isReachable) return void (this.#since = undefined);
    const concurrency = lineConcurrency(cluster.nodes);
    if (concurrency !== 0) return this.#found(concurrency);
    this.#since ??= now;
    if (now - this.#since < GRACE_MS) return;
    this.#hasNoWorkers = true;
    if (!this.#isTold && !this.#isAsking) void this.#tellIfRunsWait();
  }

  /** @param concurrency - `undefined` if nobody knows whether there is a worker */
  #found(concurrency: number | undefined): void {
    this.#since = undefined;
    this.#hasNoWorkers = false;
    if (!this.#isTold || concurrency === undefined) return;
    this.#isTold = false;
    this.#options.logger.info({ concurrency }, 'A worker takes runs from the line now');
  }

  async #tellIfRunsWait(): Promise<void> {
    const { queue, logger } = this.#options;
    this.#isAsking = true;
    try {
      const waiting = await queue.size();
      if (waiting === 0 || !this.#hasNoWorkers) return;
      this.#isTold = true;
      logger.warn({ waiting }, 'Runs wait in line, but no worker is running: start "agent-ws worker --redis URL"');
    } catch {
      // The queue cannot be reached, which it reports itself: it is asked again.
    } finally {
      this.#isAsking = false;
    }
  }
}
