/** What waits for a turn. */
interface Waiting {
  readonly isWanted: () => boolean;
  readonly begin: () => void;
}

/**
 * Gives each turn of the event loop to one large piece of work at most, in the order in which turns were asked for: messages
 * of others are read in between, however many clients ask for such work.
 */
export class OneEachTurn {
  readonly #waiting: Waiting[] = [];
  /** Whether this turn of the event loop has had its work. */
  #isTaken = false;

  /**
   * Takes a turn: `undefined` if it is this one, otherwise what resolves in a later one.
   * @param isWanted - whether there is still something to do: if not, the promise resolves and the turn is for the next
   */
  take(isWanted: () => boolean): Promise<void> | undefined {
    if (this.#isTaken) return new Promise<void>((begin) => this.#waiting.push({ isWanted, begin }));
    this.#isTaken = true;
    setImmediate(this.#onTurn);
    return undefined;
  }

  readonly #onTurn = (): void => {
    this.#isTaken = false;
    for (let next; !this.#isTaken && (next = this.#waiting.shift()) !== undefined;) {
      this.#isTaken = next.isWanted();
      next.begin();
    }
    if (this.#isTaken) setImmediate(this.#onTurn);
  };
}
