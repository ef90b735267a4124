/** Minimum number of starts in one turn of the event loop. */
const PER_TURN = 4;
/** Starts for each millisecond of the previous turn: if turns are long anyway, more starts hardly delay them. */
const PER_MS = 2;

/**
 * Starts a few runs at a time. If many clients asked at the same moment, the first answers would otherwise wait until
 * all runs had started: with 50 at once, half of the first tokens came a third later.
 */
export class StartThrottle {
  readonly #now: () => number;
  #waiting: (() => void)[] = [];
  #isTurning = false;
  #turnedAt = 0;
  #limit = PER_TURN;
  #begun = 0;

  /** @param now - a monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Calls `begin` now, or in one of the next turns if this turn has started enough runs. */
  join(begin: () => void): void {
    if (!this.#isTurning) this.#nextTurn(this.#now());
    if (this.#begun < this.#limit) {
      this.#begun++;
      begin();
    } else this.#waiting.push(begin);
  }

  #nextTurn(now: number): void {
    this.#isTurning = true;
    this.#turnedAt = now;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    const now = this.#now();
    if (this.#begun === 0) {
      this.#isTurning = false;
      this.#limit = PER_TURN;
      return;
    }
    this.#limit = Math.max(PER_TURN, (now - this.#turnedAt) * PER_MS);
    this.#begun = 0;
    this.#nextTurn(now);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const begin of waiting) this.join(begin);
  };
}
