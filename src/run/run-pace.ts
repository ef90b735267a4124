import { CountedHistogram } from '../runtime/counted-histogram.js';
import type { StopCause } from './run-worker.js';

/** Bounds of the gaps between pieces of text, in milliseconds. */
const GAP_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** A run whose model speaks. Times in milliseconds on the monotonic clock. */
interface Speaker {
  firstTextAt: number | undefined;
  lastTextAt: number;
}

/** How fast models speak: counts over all runs, which cost some nanoseconds for each piece of text. */
export class RunPace {
  /** Times between one piece of text or reasoning and the next of the same run, in milliseconds. */
  readonly gaps = new CountedHistogram(GAP_BOUNDS_MS);
  /** Pieces that a provider gave after their run was cancelled. Nobody gets them. */
  afterCancel = 0;

  /** Counts a piece. Returns whether the run wants it. */
  heard(run: Speaker, stop: StopCause | undefined): boolean {
    if (stop?.state === 'cancelled') this.afterCancel++;
    if (stop !== undefined) return false;
    const now = performance.now();
    if (run.firstTextAt === undefined) run.firstTextAt = now;
    else this.gaps.add(now - run.lastTextAt);
    run.lastTextAt = now;
    return true;
  }
}
