/**
 * How long waiting connections may work in one turn of the event loop, in milliseconds. Whoever sends little waits for up to
 * two turns: until its message is read, and until the answer is written.
 */
const TURN_MS = 2;

/** More connections than a turn takes. */
const BUSY = 16;

/** A connection that has more to read than one turn of the event loop allows. */
export interface Waiting {
  /** How much it has to read. */
  readonly bytes: number;
  /** Reads one slice. */
  goOn(): void;
}

/**
 * Lets connections that have used their slice go on in later turns of the event loop: by turns the one that has waited longest, so
 * that all of them go on, and the one with the least to read, so that whoever sends little does not wait for those who send
 * without end. Each goes on in an immediate of its own: what it begins runs in promises after that, and is counted before the next
 * one goes on.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];
  /** Immediates of this turn that have not run yet, and those of the next one. */
  #left = 0;
  #next = 0;
  /** When this turn has lasted long enough. */
  #end = 0;
  #isOldest = false;

  /** Whether those that wait fill the next turn. */
  get isBusy(): boolean {
    return this.#waiting.length >= BUSY;
  }

  /** Calls `goOn` once, in a later turn. */
  wait(connection: Waiting): void {
    this.#waiting.push(connection);
    this.#schedule();
  }

  #schedule(): void {
    this.#next++;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const now = performance.now();
    // Node runs all immediates together that were there when it came to them.
    if (this.#left === 0) {
      this.#left = this.#next;
      this.#next = 0;
      this.#end = now + TURN_MS;
    }
    this.#left--;
    if (now < this.#end) this.#take()?.goOn();
    else this.#schedule();
  };

  #take(): Waiting | undefined {
    this.#isOldest = !this.#isOldest;
    if (this.#isOldest) return this.#waiting.shift();
    let place = 0;
    let least = Infinity;
    let i = 0;
    for (const { bytes } of this.#waiting) {
      if (bytes < least) {
        place = i;
        least = bytes;
      }
      i++;
    }
    return this.#waiting.splice(place, 1)[0];
  }
}
