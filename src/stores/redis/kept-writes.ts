/** How long what was written is kept, in milliseconds: Redis may lose the last seconds when its process ends. */
export const KEPT_MS = 10_000;

/** A write that can be told from others of its run. */
export interface Keepable {
  /** The seq of an entry. */
  readonly seq?: number;
  /** Of what is not an entry, the number under which it was written. */
  readonly number?: number;
  readonly args: readonly unknown[];
}

/** What was written of a run lately, to be written again if Redis loses it. */
export class KeptWrites<Write extends Keepable> {
  #writes: { readonly write: Write; readonly at: number }[] = [];

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  /** Keeps what was just written. */
  add(writes: readonly Write[]): void {
    const at = performance.now();
    for (const write of writes) if (write.args.length > 0) this.#writes.push({ write, at });
    let old = 0;
    while (old < this.#writes.length && (this.#writes[old]?.at ?? at) < at - KEPT_MS) old++;
    // Dropped in large steps, since each step moves the rest.
    if (old > 256 || old * 2 > this.#writes.length) this.#writes.splice(0, old);
  }

  /**
   * Takes what Redis has lost, if it has everything up to an entry and a write; `undefined` if more was lost than is kept.
   * @param head - the newest entry in Redis
   * @param number - the number of the last write in Redis
   * @param next - the first entry that was not written yet, if there is any
   * @param last - the number of the last write that was answered
   */
  takeLost(head: number, number: number, next: number | undefined, last: number): Write[] | undefined {
    const lost = this.#writes.map(({ write }) => write).filter((write) => isLost(write, head, number));
    const firstEntry = lost.find(({ seq }) => seq !== undefined)?.seq ?? next;
    if (firstEntry !== undefined && firstEntry > head + 1) return undefined;
    if (number < last && !lost.some((write) => write.number === number + 1)) return undefined;
    this.#writes = this.#writes.filter(({ write }) => !isLost(write, head, number));
    return lost;
  }
}

function isLost({ seq, number = 0 }: Keepable, head: number, written: number): boolean {
  return seq === undefined ? number > written : seq > head;
}
