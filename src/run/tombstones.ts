import { BoundedMap } from '../runtime/bounded-map.js';

/** How long a cancel waits for its run, in milliseconds. */
const TTL_MS = 60_000;

/** Maximum number of waiting cancels; the oldest are dropped first. */
const MAX_TOMBSTONES = 10_000;

/** Cancels that arrived before their runs. */
export class Tombstones {
  /** Expiry by key of the run, on the monotonic clock in milliseconds. */
  readonly #expiries = new BoundedMap<string, number>(MAX_TOMBSTONES);

  add(key: string): void {
    this.#expiries.set(key, performance.now() + TTL_MS);
  }

  /** Removes the tombstone of a run. Returns whether there was one. */
  take(key: string): boolean {
    const expiry = this.#expiries.get(key);
    if (expiry === undefined) return false;
    this.#expiries.delete(key);
    return expiry > performance.now();
  }
}
