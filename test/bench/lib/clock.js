import { performance, monitorEventLoopDelay } from 'node:perf_hooks';

// performance.now() counts from the start of the process, hrtime from the start of the machine: with the
// difference added, times taken in two processes can be subtracted. Of several differences the greatest has been interrupted
// for the shortest time.
const OFFSET = Math.max(...Array.from({ length: 20 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now()));

/** Milliseconds on the clock all processes of this machine share. */
export const now = () => performance.now() + OFFSET;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the event loop of this process and its CPU did: a load side that lags measures itself, not the server. */
export class LoadWatch {
  #histogram = monitorEventLoopDelay({ resolution: 4 });
  #cpu = process.cpuUsage();
  #at = now();

  constructor() {
    this.#histogram.enable();
  }

  /** Since the last call: milliseconds the loop was late, and CPU time in milliseconds per second. */
  take() {
    const late = (ns) => (Number.isFinite(ns) ? Math.max(0, ns / 1e6 - 4) : 0);
    const { user, system } = process.cpuUsage(this.#cpu);
    const at = now();
    const seen = {
      lateP99: late(this.#histogram.percentile(99)),
      cpuMs: (user + system) / 1000,
      overMs: at - this.#at,
    };
    this.#histogram.reset();
    this.#cpu = process.cpuUsage();
    this.#at = at;
    return seen;
  }
}
