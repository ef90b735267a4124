/** How long a cancel waits for its run. */
const TTL_MS = 60_000;

/** How many cancels wait at most; the oldest go first. */
const MAX_TOMBSTONES = 10_000;

/** Cancels that came before the run they mean. */
export class Tombstones {
  /** Key of the run and when its tombstone goes, on the monotonic clock in milliseconds; oldest first. */
  readonly #expiries = new Map<string, number>();

  add(key: string): void {
    this.#expiries.delete(key);
    this.#expiries.set(key, performance.now() + TTL_MS);
    for (const [oldest, expiry] of this.#expiries) {
      if (expiry > performance.now() && this.#expiries.size <= MAX_TOMBSTONES) break;
      this.#expiries.delete(oldest);
    }
  }

  /** Takes the tombstone away. Returns whether there was one. */
  take(key: string): boolean {
    const expiry = this.#expiries.get(key);
    this.#expiries.delete(key);
    return expiry !== undefined && expiry > performance.now();
  }
}
