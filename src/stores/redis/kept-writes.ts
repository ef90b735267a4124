/** How long what was written is kept, in milliseconds: Redis may lose the last seconds when its process ends. */
export const KEPT_MS = 10_000;

/** A write that is not an entry. */
export interface Keepable {
  /** The number under which it was written. */
  readonly number?: number;
  /** What is written: nothing if it is an entry, or only waits for those before it. */
  readonly args: readonly unknown[];
}

/** What was written of a run lately besides the entries of its log, to be written again if Redis loses it. */
export class KeptWrites<Write extends Keepable> {
  #writes: { readonly write: Write; readonly at: number }[] = [];

  /**
   * Keeps what was just written.
   * @param at - now, on the monotonic clock
   */
  add(writes: readonly Write[], at: number): void {
    for (const write of writes) if (write.args.length > 0) this.#writes.push({ write, at });
    if (this.#writes.length === 0) return;
    const young = this.#writes.findIndex((kept) => kept.at >= at - KEPT_MS);
    if (young !== 0) this.#writes.splice(0, young === -1 ? this.#writes.length : young);
  }

  /**
   * Takes what Redis has lost; `undefined` if more was lost than is kept.
   * @param number - the number of the last write in Redis
   * @param last - the number of the last write that was answered
   */
  takeLost(number: number, last: number): Write[] | undefined {
    const lost = this.#writes.filter(({ write }) => (write.number ?? 0) > number);
    if (number < last && !lost.some(({ write }) => write.number === number + 1)) return undefined;
    this.#writes = this.#writes.filter(({ write }) => (write.number ?? 0) <= number);
    return lost.map(({ write }) => write);
  }
}
