/** Starts in one turn of the event loop; the others follow in the next ones. */
const PER_TURN = 4;

/**
 * Lets runs begin a few at a time. When a crowd asks at the same moment, the first answers would otherwise lie unread
 * until everybody has begun: with 50 at once half of the first tokens came a third later.
 */
export class StartLine {
  #waiting: (() => void)[] = [];
  #begun = 0;

  /** Calls `begin` now, or in one of the next turns where this one has begun enough. */
  join(begin: () => void): void {
    if (this.#begun === 0) setImmediate(this.#turn);
    if (this.#begun++ < PER_TURN) begin();
    else this.#waiting.push(begin);
  }

  readonly #turn = (): void => {
    this.#begun = 0;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const begin of waiting) this.join(begin);
  };
}
