/** The queue of each conversation: the first run is in progress, the others wait. */
export class RunQueue<T> {
  readonly #queues = new Map<string, T[]>();

  /** Adds an item at the end. Returns the number of items before it. */
  join(key: string, item: T): number {
    const queue = this.#queues.get(key);
    if (queue === undefined) {
      this.#queues.set(key, [item]);
      return 0;
    }
    return queue.push(item) - 1;
  }

  /** Removes an item. Returns the next item if the first one was removed. */
  leave(key: string, item: T): T | undefined {
    const queue = this.#queues.get(key);
    const place = queue?.indexOf(item) ?? -1;
    if (queue === undefined || place === -1) return undefined;
    queue.splice(place, 1);
    if (queue.length === 0) this.#queues.delete(key);
    return place === 0 ? queue[0] : undefined;
  }

  /** The items of a queue, in order. */
  of(key: string): readonly T[] {
    return this.#queues.get(key) ?? [];
  }

  /** The number of items before an item; 0 if it is the first or not in the queue. */
  placeOf(key: string, item: T): number {
    return Math.max(0, this.of(key).indexOf(item));
  }
}
