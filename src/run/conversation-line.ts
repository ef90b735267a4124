/** Whose turn it is in each conversation: one run at a time, the others in line. */
export class ConversationLine<T> {
  readonly #lines = new Map<string, T[]>();

  /** Goes to the end of the line. Returns how many are before it: 0 for its turn. */
  join(key: string, item: T): number {
    const line = this.#lines.get(key);
    if (line === undefined) {
      this.#lines.set(key, [item]);
      return 0;
    }
    return line.push(item) - 1;
  }

  /** Leaves the line, at whatever place. Returns whose turn it is now, where that changed. */
  leave(key: string, item: T): T | undefined {
    const line = this.#lines.get(key);
    const place = line?.indexOf(item) ?? -1;
    if (line === undefined || place === -1) return undefined;
    line.splice(place, 1);
    if (line.length === 0) this.#lines.delete(key);
    return place === 0 ? line[0] : undefined;
  }

  /** Those in line, the one whose turn it is first. */
  of(key: string): readonly T[] {
    return this.#lines.get(key) ?? [];
  }

  /** How many are before it; 0 for its turn or not in line. */
  placeOf(key: string, item: T): number {
    return Math.max(0, this.of(key).indexOf(item));
  }
}
