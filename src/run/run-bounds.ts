import type { Checked } from '../runtime/option-table.js';
import type { LiveRuns } from './live-runs.js';
import type { RUN_OPTIONS, RunManagerOptions } from './run-manager-options.js';
import { tooLarge } from './run-errors.js';
import type { Run } from './run.js';

/** Interval of {@link RunBounds.sweep}, in milliseconds. */
const SWEEP_MS = 1_000;

/** Limits the time and size of each run, and the memory of all runs. */
export class RunBounds {
  readonly #live: LiveRuns;
  readonly #maxRunMs: number;
  readonly #maxRunBytes: number;
  readonly #maxLogBytes: number;
  readonly #detachGraceMs: number;

  constructor(live: LiveRuns, options: Checked<RunManagerOptions, typeof RUN_OPTIONS>) {
    this.#live = live;
    this.#maxRunMs = options.maxRunMs;
    this.#maxRunBytes = options.maxRunBytes;
    this.#maxLogBytes = options.maxLogBytes;
    this.#detachGraceMs = options.detachGraceMs;
  }

  /** How often to {@link sweep}, in milliseconds. */
  get sweepMs(): number {
    // A short grace period needs a shorter interval.
    return Math.min(SWEEP_MS, Math.max(10, this.#detachGraceMs / 4));
  }

  /** Whether `bytes` more fit into the memory for runs. */
  hasRoom(bytes: number): boolean {
    return this.#live.bytes + bytes < this.#maxLogBytes;
  }

  /** Counts output of a run. Above a limit, stops this run or the largest one. */
  count(run: Run, bytes: number): void {
    this.#live.bytes += bytes;
    if (run.isOver) return;
    if (run.bytes > this.#maxRunBytes) {
      run.stop(tooLarge(`The output of the run is larger than ${this.#maxRunBytes} bytes`));
    } else if (this.#live.bytes > this.#maxLogBytes) this.#stopLargest();
  }

  /** Handles the leaving of the last reader. If the client cannot come back, the run is cancelled at once. */
  onUnread(run: Run, canReturn: boolean): void {
    if (run.isOver) return;
    const policy = run.options.onDisconnect ?? (canReturn && this.#detachGraceMs > 0 ? 'wait' : 'cancel');
    if (policy === 'cancel') run.stop({ state: 'cancelled', reason: 'abandoned' });
  }

  /** Stops runs that last too long, and abandoned runs. */
  sweep(): void {
    const now = performance.now();
    for (const run of this.#live) {
      if (now - run.startedAt >= this.#maxRunMs) run.stop({ state: 'cancelled', reason: 'max_duration' });
      else if (this.#isAbandoned(run, now)) run.stop({ state: 'cancelled', reason: 'abandoned' });
    }
  }

  /**
   * Stops the largest run. Runs that are already stopped are not counted, since they free their memory within a second.
   */
  #stopLargest(): void {
    const running = [...this.#live].filter((run) => !run.isStopping);
    const bytes = running.reduce((sum, run) => sum + run.heldBytes, 0);
    if (bytes <= this.#maxLogBytes) return;
    const largest = running.reduce((a, b) => (b.heldBytes > a.heldBytes ? b : a));
    largest.stop(tooLarge('The server holds as much output as it can, and this run has the most'));
  }

  /** Whether the run has been without readers for too long. */
  #isAbandoned(run: Run, now: number): boolean {
    const { emptySince } = run.readers;
    if (emptySince === undefined || run.options.onDisconnect === 'continue') return false;
    // A person may take the full approval time.
    if (run.state === 'waiting_approval') return false;
    return now - Math.max(emptySince, run.stateSince) >= this.#detachGraceMs;
  }
}
