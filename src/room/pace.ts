/** How much may come at once, in milliseconds of the rate. */
const BURST_MS = 1_000;

/**
 * Limits a rate without a timer: the generic cell rate algorithm (ITU-T I.371), which remembers one time. Up to a second's
 * worth may come at once.
 */
export class Pace {
  readonly #intervalMs: number;
  readonly #burstMs: number;
  /** When everything that was taken so far would be paid for at an even rate, on the monotonic clock. */
  #paidAt = 0;

  constructor(perSecond: number) {
    this.#intervalMs = 1_000 / perSecond;
    this.#burstMs = Math.max(BURST_MS, this.#intervalMs);
  }

  /** How long to wait until one more may come, in milliseconds; 0 if it may come now. */
  waitMs(now: number): number {
    return Math.max(0, Math.max(this.#paidAt, now) + this.#intervalMs - now - this.#burstMs);
  }

  /** Counts one more. */
  take(now: number): void {
    this.#paidAt = Math.max(this.#paidAt, now) + this.#intervalMs;
  }
}
