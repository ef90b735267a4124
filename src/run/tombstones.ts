import { FairMap } from '../runtime/fair-map.js';

/** How long a cancel waits for its run, in milliseconds. */
const TTL_MS = 60_000;

/** Maximum number of waiting cancels; the owner that has most loses its oldest first. */
const MAX_TOMBSTONES = 10_000;

/** Cancels that arrived before their runs. */
export class Tombstones {
  /** Expiry on the monotonic clock, in milliseconds. */
  readonly #expiries = new FairMap<number>();

  add(owner: string, id: string): void {
    this.#expiries.set(owner, id, performance.now() + TTL_MS);
    const oldest = this.#expiries.size > MAX_TOMBSTONES ? this.#expiries.oldestOfLargest : undefined;
    if (oldest !== undefined) this.#expiries.delete(oldest.owner, oldest.id);
  }

  /** Removes the tombstone of a run. Returns whether there was one. */
  take(owner: string, id: string): boolean {
    const expiry = this.#expiries.get(owner, id);
    if (expiry === undefined) return false;
    this.#expiries.delete(owner, id);
    return expiry > performance.now();
  }
}
