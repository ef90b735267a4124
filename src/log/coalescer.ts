import { EventLoopLoad } from '../runtime/event-loop-load.js';

/** Text that waits to be written. */
export interface Flushable {
  /** When it was last written: milliseconds of the monotonic clock. */
  readonly lastWriteAt: number;
  /** Writes what has gathered. Must not throw: one timer serves the texts of all runs. */
  flush(now: number): void;
}

/**
 * Decides when a piece of text is written. While the event loop is idle: at once. Under load: when the last write is
 * `coalesceMs` or more ago, together with all that gathered; one shared sweep writes what got no successor.
 * Deciding by deadline, where the text arrives, saves as much as windows by timer and does not starve under overload.
 */
export class Coalescer {
  readonly #coalesceMs: number;
  readonly #held = new Set<Flushable>();
  readonly #load = new EventLoopLoad();
  #timer: NodeJS.Timeout | undefined;

  constructor(coalesceMs: number) {
    this.#coalesceMs = coalesceMs;
  }

  /** Whether text that arrives now is written now. */
  isDue(lastWriteAt: number, now: number): boolean {
    return now - lastWriteAt >= this.#coalesceMs || !this.#load.isHigh(now);
  }

  /** Keeps an eye on text that waits, until {@link release}. */
  hold(text: Flushable): void {
    this.#held.add(text);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#sweep(), Math.max(1, this.#coalesceMs / 4));
    this.#timer.unref();
  }

  release(text: Flushable): void {
    this.#held.delete(text);
  }

  #sweep(): void {
    const now = performance.now();
    // Later than the deadline, so that in a flowing stream the next piece does the writing.
    const before = now - this.#coalesceMs * 1.5;
    for (const text of this.#held) {
      if (text.lastWriteAt <= before) text.flush(now);
    }
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
