import { performance, monitorEventLoopDelay } from 'node:perf_hooks';

// performance.now() counts from the start of the process, hrtime from the start of the machine: with the
// difference added, times taken in two processes can be subtracted.
const OFFSET = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds on the clock all processes of this machine share. */
export const now = () => performance.now() + OFFSET;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How late the event loop of this process runs: a load side that lags measures itself, not the server. */
export class LoopLag {
  #histogram = monitorEventLoopDelay({ resolution: 4 });

  constructor() {
    this.#histogram.enable();
  }

  /** What was seen since the last call, in milliseconds. */
  take() {
    const ms = (ns) => (Number.isFinite(ns) ? Math.max(0, ns / 1e6 - 4) : 0);
    const lag = { p99: ms(this.#histogram.percentile(99)), max: ms(this.#histogram.max) };
    this.#histogram.reset();
    return lag;
  }
}
