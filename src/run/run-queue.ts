/** The queue of each conversation: one run is in progress, the others wait. */
export class RunQueue<T> {
  readonly #queues = new Map<string, T[]>();

  /** Adds an item at the end. Returns how many are before it; 0 if it is its turn. */
  join(key: string, item: T): number {
    const queue = this.#queues.get(key);
    if (queue === undefined) {
      this.#queues.set(key, [item]);
      return 0;
    }
    return queue.push(item) - 1;
  }

  /** Removes an item, at any place. Returns the item whose turn it is now, if that changed. */
  leave(key: string, item: T): T | undefined {
    const queue = this.#queues.get(key);
    const place = queue?.indexOf(item) ?? -1;
    if (queue === undefined || place === -1) return undefined;
    queue.splice(place, 1);
    if (queue.length === 0) this.#queues.delete(key);
    return place === 0 ? queue[0] : undefined;
  }

  /** The items of a queue, the one whose turn it is first. */
  of(key: string): readonly T[] {
    return this.#queues.get(key) ?? [];
  }

  /** How many are before an item; 0 if it is its turn or not in the queue. */
  placeOf(key: string, item: T): number {
    return Math.max(0, this.of(key).indexOf(item));
  }
}
