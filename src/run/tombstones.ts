import { BoundedMap } from '../runtime/bounded-map.js';

/** How long a cancel waits for its run. */
const TTL_MS = 60_000;

/** How many cancels wait at most; the oldest go first. */
const MAX_TOMBSTONES = 10_000;

/** Cancels that came before the run they mean. */
export class Tombstones {
  /** Key of the run and when its tombstone expires, on the monotonic clock in milliseconds. */
  readonly #expiries = new BoundedMap<string, number>(MAX_TOMBSTONES);

  add(key: string): void {
    this.#expiries.set(key, performance.now() + TTL_MS);
  }

  /** Takes the tombstone away. Returns whether there was one. */
  take(key: string): boolean {
    const expiry = this.#expiries.get(key);
    this.#expiries.delete(key);
    return expiry !== undefined && expiry > performance.now();
  }
}
