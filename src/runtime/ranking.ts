/** What a {@link Ranking} ranks. */
export interface Ranked {
  weight: number;
  /** Index in the heap; the ranking keeps it. */
  rank: number;
}

/** Things of which the heaviest is known at any time: a binary heap. */
export class Ranking<Item extends Ranked> {
  readonly #heap: Item[] = [];

  get heaviest(): Item | undefined {
    return this.#heap[0];
  }

  add(item: Item): void {
    this.#put(item, this.#heap.length);
    this.#rise(item);
  }

  remove(item: Item): void {
    const last = this.#heap.pop();
    if (last === undefined || last === item) return;
    this.#put(last, item.rank);
    this.#settle(last);
  }

  /** Changes the weight of an item. */
  charge(item: Item, amount: number): void {
    item.weight += amount;
    this.#settle(item);
  }

  #settle(item: Item): void {
    this.#rise(item);
    this.#sink(item);
  }

  #rise(item: Item): void {
    for (;;) {
      const above = item.rank === 0 ? undefined : this.#heap[(item.rank - 1) >> 1];
      if (above === undefined || above.weight >= item.weight) return;
      this.#swap(above, item);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = this.#heap[2 * item.rank + 1];
      const right = this.#heap[2 * item.rank + 2];
      const heavier = left !== undefined && right !== undefined && right.weight > left.weight ? right : left;
      if (heavier === undefined || heavier.weight <= item.weight) return;
      this.#swap(item, heavier);
    }
  }

  /** Lets two items change places. */
  #swap(one: Item, other: Item): void {
    const { rank } = one;
    this.#put(one, other.rank);
    this.#put(other, rank);
  }

  #put(item: Item, rank: number): void {
    item.rank = rank;
    this.#heap[rank] = item;
  }
}
