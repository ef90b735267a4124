import type { Checked } from '../runtime/option-table.js';
import type { LiveRuns } from './live-runs.js';
import type { RUN_OPTIONS, RunManagerOptions } from './run-manager-options.js';
import { tooLarge } from './run-errors.js';
import type { RunShare } from './run-shares.js';
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
    const { shares } = run;
    this.#live.hold(shares, bytes);
    if (run.isOver) return;
    if (run.bytes > this.#maxRunBytes) {
      run.stop(tooLarge(`The output of the run is larger than ${this.#maxRunBytes} bytes`));
      return;
    }
    for (const share of shares) if (share.bytes > share.limits.maxBytes) this.#stopLargestOf(share);
    if (this.#live.bytes > this.#maxLogBytes) {
      this.#stopLargest(
        [...this.#live],
        this.#maxLogBytes,
        'The server holds as much output as it can, and this run has the most',
      );
    }
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

  #stopLargestOf(share: RunShare): void {
    this.#stopLargest(
      [...this.#live].filter((run) => run.shares.includes(share)),
      share.limits.maxBytes,
      `The server holds as much output as it can for one ${share.of}, and this run has the most`,
    );
  }

  /**
   * Stops the largest of these runs. Runs that are already stopped are not counted, since they free their memory within
   * a second.
   */
  #stopLargest(runs: readonly Run[], maxBytes: number, message: string): void {
    const running = runs.filter((run) => !run.isStopping);
    const bytes = running.reduce((sum, run) => sum + run.heldBytes, 0);
    if (bytes <= maxBytes) return;
    const largest = running.reduce((a, b) => (b.heldBytes > a.heldBytes ? b : a));
    largest.stop(tooLarge(message));
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
