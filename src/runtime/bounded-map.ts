/** A map with a maximum size: setting a new entry drops the oldest ones. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #most: number;

  /** @param most - maximum number of entries */
  constructor(most: number) {
    super();
    this.#most = most;
  }

  /** Sets an entry as the newest. */
  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    if (this.size <= this.#most) return this;
    const { value: oldest, done } = this.keys().next();
    if (done !== true) this.delete(oldest);
    return this;
  }
}
