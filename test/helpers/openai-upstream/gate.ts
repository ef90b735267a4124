/** Holds a script back until the test lets it go on: the condition tests wait for instead of a time. */
export class Gate {
  #permits = 0;
  #passed = 0;
  readonly #waiting: (() => void)[] = [];
  #arrivals: { count: number; resolve: () => void }[] = [];
  #reached = 0;

  /** Lets the next `count` events through, those already waiting first. `Infinity` opens for good. */
  release(count = 1): void {
    this.#permits += count;
    while (this.#permits > 0) {
      const go = this.#waiting.shift();
      if (go === undefined) return;
      this.#permits--;
      go();
    }
  }

  /** Resolves when `count` events in all have come as far as the gate, passed ones included. */
  reached(count: number): Promise<void> {
    if (this.#reached >= count) return Promise.resolve();
    return new Promise((resolve) => this.#arrivals.push({ count, resolve }));
  }

  /** How many events went through. */
  get passed(): number {
    return this.#passed;
  }

  /** For the upstream: resolves when the event may be sent. */
  async pass(): Promise<void> {
    this.#reached++;
    for (const arrival of this.#arrivals) if (arrival.count <= this.#reached) arrival.resolve();
    this.#arrivals = this.#arrivals.filter(({ count }) => count > this.#reached);
    if (this.#permits > 0) this.#permits--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#passed++;
  }
}
