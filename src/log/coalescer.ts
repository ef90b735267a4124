import { EventLoopLoad } from '../runtime/event-loop-load.js';

/** Text that waits to be written. */
export interface Flushable {
  /** When the text was last written, in milliseconds of the monotonic clock. */
  readonly lastWriteAt: number;
  /** Writes the waiting text. Must not throw: one timer serves all runs. */
  flush(now: number): void;
}

/**
 * Decides when text is written. While the event loop is idle: at once. Under load: `coalesceMs` after the last write,
 * together with all text that has arrived. A shared sweep writes text after which nothing more arrives. The check is
 * made when text arrives, which saves as much as a timer per run and does not starve under overload.
 */
export class Coalescer {
  readonly #coalesceMs: number;
  readonly #held = new Set<Flushable>();
  readonly #load = new EventLoopLoad();
  #timer: NodeJS.Timeout | undefined;

  constructor(coalesceMs: number) {
    this.#coalesceMs = coalesceMs;
  }

  /** Whether text that arrives now is written at once. */
  isDue(lastWriteAt: number, now: number): boolean {
    return now - lastWriteAt >= this.#coalesceMs || !this.#load.isHigh(now);
  }

  /** Watches waiting text until {@link release}. */
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
    // Later than the deadline, so that in a steady stream the next piece triggers the write.
    const before = now - this.#coalesceMs * 1.5;
    for (const text of this.#held) {
      if (text.lastWriteAt <= before) text.flush(now);
    }
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
