/** How long waiting connections may work in one turn of the event loop, in milliseconds. */
const TURN_MS = 10;

/** A connection that has more to read than one turn of the event loop allows. */
export interface Waiting {
  /** Reads one slice. */
  goOn(): void;
}

/** Lets connections that have used their slice go on in later turns of the event loop, in the order in which they came. */
export class Turns {
  #waiting: Waiting[] = [];
  #isScheduled = false;

  /** Calls `goOn` once, in a later turn. */
  wait(connection: Waiting): void {
    this.#waiting.push(connection);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#isScheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    const end = performance.now() + TURN_MS;
    let next = 0;
    try {
      while (next < waiting.length && performance.now() < end) waiting[next++]?.goOn();
    } finally {
      if (next < waiting.length) this.#waiting = [...waiting.slice(next), ...this.#waiting];
      if (this.#waiting.length > 0) this.#schedule();
    }
  };
}
