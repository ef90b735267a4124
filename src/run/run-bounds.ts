import type { Checked } from '../runtime/option-table.js';
import type { LiveRuns } from './live-runs.js';
import type { RUN_OPTIONS, RunManagerOptions } from './run-manager-options.js';
import { tooLarge } from './run-errors.js';
import type { Run } from './run.js';

/** How often runs that last too long are looked for, in milliseconds. */
const SWEEP_MS = 1_000;

/** What bounds runs in time and size: each of them, and all together. */
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
    // A short grace asks for closer looks.
    return Math.min(SWEEP_MS, Math.max(10, this.#detachGraceMs / 4));
  }

  /** Whether the server can hold `bytes` more. */
  hasRoom(bytes: number): boolean {
    return this.#live.bytes + bytes < this.#maxLogBytes;
  }

  /** Counts what a run wrote; over a bound it, or the largest, is stopped. */
  count(run: Run, bytes: number): void {
    this.#live.bytes += bytes;
    if (run.isOver) return;
    if (run.bytes > this.#maxRunBytes) {
      run.stop(tooLarge(`The output of the run is larger than ${this.#maxRunBytes} bytes`));
    } else if (this.#live.bytes > this.#maxLogBytes) this.#stopLargest();
  }

  /** The last reader left. If its client cannot come back, the run is cancelled at once. */
  onUnread(run: Run, canReturn: boolean): void {
    if (run.isOver) return;
    const policy = run.options.onDisconnect ?? (canReturn && this.#detachGraceMs > 0 ? 'wait' : 'cancel');
    if (policy === 'cancel') run.stop({ state: 'cancelled', reason: 'abandoned' });
  }

  /** Stops the runs that last too long, and those nobody came back to. */
  sweep(): void {
    const now = performance.now();
    for (const run of this.#live) {
      if (now - run.startedAt >= this.#maxRunMs) run.stop({ state: 'cancelled', reason: 'max_duration' });
      else if (this.#isAbandoned(run, now)) run.stop({ state: 'cancelled', reason: 'abandoned' });
    }
  }

  /** Those told to stop already make room within a second: only what the others hold counts. */
  #stopLargest(): void {
    const running = [...this.#live].filter((run) => !run.isStopping);
    const bytes = running.reduce((sum, run) => sum + run.heldBytes, 0);
    if (bytes <= this.#maxLogBytes) return;
    const largest = running.reduce((a, b) => (b.heldBytes > a.heldBytes ? b : a));
    largest.stop(tooLarge('The server holds as much output as it can, and this run has the most'));
  }

  /** Whether nobody came back in time to a run that was left. */
  #isAbandoned(run: Run, now: number): boolean {
    const { emptySince } = run.readers;
    if (emptySince === undefined || run.options.onDisconnect === 'continue') return false;
    // The decision of a person takes as long as it takes.
    if (run.state === 'waiting_approval') return false;
    return now - Math.max(emptySince, run.stateSince) >= this.#detachGraceMs;
  }
}
