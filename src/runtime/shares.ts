/** How much of something each key holds: connections of an address, bytes of an owner. */
export class Shares {
  readonly #held = new Map<string, number>();
  #total = 0;

  /** What all keys hold. */
  get total(): number {
    return this.#total;
  }

  /** What a key holds. */
  of(key: string): number {
    return this.#held.get(key) ?? 0;
  }

  /** The keys that hold something, with what each holds. */
  entries(): IterableIterator<[key: string, held: number]> {
    return this.#held.entries();
  }

  /** Adds to what a key holds. A key that holds nothing any more is forgotten. */
  add(key: string, amount: number): void {
    const held = this.of(key) + amount;
    this.#total += amount;
    if (held > 0) this.#held.set(key, held);
    else this.#held.delete(key);
  }
}
