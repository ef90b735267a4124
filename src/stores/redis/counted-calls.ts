import { CountedHistogram } from '../../runtime/counted-histogram.js';
import type { CallCounts } from '../../store/counts.js';

/** From a script in memory to the timeout of a connection, in milliseconds. */
const BOUNDS_MS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

class Calls implements CallCounts {
  sent = 0;
  readonly ms = new CountedHistogram(BOUNDS_MS);
}

/** Counts the calls of a connection by the names of their scripts. */
export class CountedCalls implements Iterable<readonly [name: string, CallCounts]> {
  readonly #calls = new Map<string, Calls>();

  /** Counts a call that was just sent. */
  count(name: string, answered: Promise<unknown>): void {
    let calls = this.#calls.get(name);
    if (calls === undefined) this.#calls.set(name, (calls = new Calls()));
    calls.sent++;
    const { ms } = calls;
    const sentAt = performance.now();
    answered.then(
      () => ms.add(performance.now() - sentAt),
      () => undefined,
    );
  }

  [Symbol.iterator](): Iterator<readonly [name: string, CallCounts]> {
    return this.#calls.entries();
  }
}
