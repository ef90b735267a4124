/** A growing list: each iteration gets all items, whenever it begins, and waits for more. */
export class ReplayLog<Item> implements AsyncIterable<Item> {
  #items: Item[] = [];
  #isComplete = false;
  /** The item that tells an iteration in progress that the earlier items are void. */
  #restarted: Item | undefined;
  #generation = 0;
  #wake: () => void = () => undefined;
  #grown = this.#nextGrowth();

  push(item: Item): void {
    this.#items.push(item);
    this.#tell();
  }

  /** Starts again: an iteration that has read items gets `marker`, and then the items pushed from now on. */
  restart(marker: Item): void {
    this.#items = [];
    this.#restarted = marker;
    this.#generation++;
    this.#tell();
  }

  /** Ends the list. */
  complete(): void {
    this.#isComplete = true;
    this.#tell();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    let generation = this.#generation;
    let at = 0;
    for (;;) {
      if (generation !== this.#generation) {
        generation = this.#generation;
        if (at > 0 && this.#restarted !== undefined) yield this.#restarted;
        at = 0;
        continue;
      }
      const item = this.#items[at];
      if (item !== undefined) {
        at++;
        yield item;
      } else if (this.#isComplete) return;
      else await this.#grown;
    }
  }

  #tell(): void {
    const wake = this.#wake;
    this.#grown = this.#nextGrowth();
    wake();
  }

  #nextGrowth(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
