/** How long what was written is kept, in milliseconds: Redis may lose the last seconds when its process ends. */
export const KEPT_MS = 10_000;

/** A write that can be told from others of its run. */
export interface Keepable {
  /** The seq of an entry. */
  readonly seq?: number;
  /** Of what is not an entry, the number under which it was written. */
  readonly number?: number;
  /** Of an entry, its text. */
  readonly text?: string;
  /** Of what is not an entry, what is written: nothing if the write only waits for those before it. */
  readonly args: readonly unknown[];
}

/**
 * What was written of a run lately, to be written again if Redis loses it. Of an entry only its text is kept: what lives
 * for seconds makes the garbage collector slow.
 */
export class KeptWrites<Write extends Keepable> {
  readonly #toWrite: (seq: number, text: string) => Write;
  /** Entries without gaps, as they are stored; the time when each was written stands at the same place. */
  #texts: string[] = [];
  #times: number[] = [];
  #firstSeq = 0;
  /** How many entries are known to be too old. */
  #old = 0;
  /** Anything else, in its order. */
  #others: { readonly write: Write; readonly at: number }[] = [];

  /** @param toWrite - makes the write of an entry again */
  constructor(toWrite: (seq: number, text: string) => Write) {
    this.#toWrite = toWrite;
  }

  get isEmpty(): boolean {
    return this.#texts.length === 0 && this.#others.length === 0;
  }

  /**
   * Keeps what was just written.
   * @param at - now, on the monotonic clock
   */
  add(writes: readonly Write[], at: number): void {
    for (const write of writes) {
      if (write.seq !== undefined) this.#addEntry(write.seq, write.text ?? '', at);
      else if (write.args.length > 0) this.#others.push({ write, at });
    }
    this.#dropBefore(at - KEPT_MS);
  }

  /**
   * Takes what Redis has lost, if it has everything up to an entry and a write; `undefined` if more was lost than is kept.
   * Entries come first: what is said of a run may lag behind its log, and never goes before.
   * @param head - the newest entry in Redis
   * @param number - the number of the last write in Redis
   * @param next - the first entry that was not written yet, if there is any
   * @param last - the number of the last write that was answered
   */
  takeLost(head: number, number: number, next: number | undefined, last: number): Write[] | undefined {
    const index = Math.max(0, head + 1 - this.#firstSeq);
    const seq = this.#firstSeq + index;
    const isAnyLost = index < this.#texts.length;
    const firstEntry = isAnyLost ? seq : next;
    if (firstEntry !== undefined && firstEntry > head + 1) return undefined;
    const others = this.#others.filter(({ write }) => (write.number ?? 0) > number);
    if (number < last && !others.some(({ write }) => write.number === number + 1)) return undefined;

    const texts = this.#texts.splice(index);
    this.#times.length = this.#texts.length;
    this.#old = Math.min(this.#old, this.#times.length);
    this.#others = this.#others.filter(({ write }) => (write.number ?? 0) <= number);
    return [...texts.map((text, offset) => this.#toWrite(seq + offset, text)), ...others.map(({ write }) => write)];
  }

  #addEntry(seq: number, text: string, at: number): void {
    if (seq !== this.#firstSeq + this.#texts.length) {
      this.#texts = [];
      this.#times = [];
      this.#old = 0;
      this.#firstSeq = seq;
    }
    this.#texts.push(text);
    this.#times.push(at);
  }

  /** In large steps, since each step moves the rest. */
  #dropBefore(time: number): void {
    while (this.#old < this.#times.length && (this.#times[this.#old] ?? time) < time) this.#old++;
    if (this.#old > 256 || this.#old * 2 > this.#times.length) {
      this.#texts.splice(0, this.#old);
      this.#times.splice(0, this.#old);
      this.#firstSeq += this.#old;
      this.#old = 0;
    }
    if (this.#others.length === 0) return;
    const young = this.#others.findIndex(({ at }) => at >= time);
    if (young !== 0) this.#others.splice(0, young === -1 ? this.#others.length : young);
  }
}
