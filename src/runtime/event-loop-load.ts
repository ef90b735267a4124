/** Share of busy time above which the event loop counts as loaded. */
const BUSY = 0.45;

/** How often the load is measured, in milliseconds. */
const SAMPLE_MS = 50;

/** Whether the event loop is nearly saturated. Asked once per token, so the load is measured only now and then. */
export class EventLoopLoad {
  #sample = performance.eventLoopUtilization();
  #sampledAt = performance.now();
  #high = false;

  /** @param now - the time on the clock of `performance.now()` */
  isHigh(now: number): boolean {
    if (now - this.#sampledAt < SAMPLE_MS) return this.#high;
    const current = performance.eventLoopUtilization();
    this.#high = performance.eventLoopUtilization(current, this.#sample).utilization > BUSY;
    this.#sample = current;
    this.#sampledAt = now;
    return this.#high;
  }
}
