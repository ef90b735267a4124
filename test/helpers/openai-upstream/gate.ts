/** Stops a script until the test lets it continue, so that tests wait for conditions and not for times. */
export class Gate {
  #permits = 0;
  #passed = 0;
  readonly #waiting: (() => void)[] = [];
  #arrivals: { count: number; resolve: () => void }[] = [];
  #reached = 0;

  /** Lets the next `count` events pass, waiting ones first. `Infinity` opens the gate for good. */
  release(count = 1): void {
    this.#permits += count;
    while (this.#permits > 0) {
      const go = this.#waiting.shift();
      if (go === undefined) return;
      this.#permits--;
      go();
    }
  }

  /** Resolves when `count` events in all have reached the gate, including those that passed. */
  reached(count: number): Promise<void> {
    if (this.#reached >= count) return Promise.resolve();
    return new Promise((resolve) => this.#arrivals.push({ count, resolve }));
  }

  /** Number of events that have passed. */
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
