/** How long a run waits for readers that all lag, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** Somebody who reads a run. */
export interface RunReader {
  /** The run is over, and its log will never say so. */
  onAbandoned(): void;
}

/** The readers of a run, counted: how many there are, and how many of them lag behind. */
export class Readers {
  /** Since when there is none any more, on the monotonic clock in milliseconds; `undefined` while there is one. */
  emptySince: number | undefined;
  #readers: readonly RunReader[] = [];
  #lagging = 0;
  #wait: Promise<void> | undefined;
  #release: (() => void) | undefined;

  get size(): number {
    return this.#readers.length;
  }

  get lagging(): number {
    return this.#lagging;
  }

  /** A reader came. */
  join(reader: RunReader): void {
    this.#readers = this.#readers.concat(reader);
    this.emptySince = undefined;
    this.#check();
  }

  /** A reader that does not lag went. */
  leave(reader: RunReader): void {
    this.#readers = this.#readers.filter((other) => other !== reader);
    if (this.size === 0) this.emptySince = performance.now();
    this.#check();
  }

  /** The log takes no last message: there is nothing to wait for. */
  abandon(): void {
    for (const reader of this.#readers) reader.onAbandoned();
  }

  /** A reader began or ceased to lag. */
  lag(lags: boolean): void {
    this.#lagging += lags ? 1 : -1;
    this.#check();
  }

  /**
   * A promise to wait for, for 30 s at most, before more is pulled from the provider while every reader lags.
   * `undefined` while there is none, or one that keeps up: a run without readers is never paused.
   */
  backpressure(): Promise<void> | undefined {
    if (this.size === 0 || this.#lagging < this.size) return undefined;
    return (this.#wait ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.release(), MAX_WAIT_MS);
      this.#release = () => {
        clearTimeout(timer);
        resolve();
      };
    }));
  }

  /** Ends the wait. */
  release(): void {
    this.#release?.();
    this.#release = this.#wait = undefined;
  }

  #check(): void {
    if (this.size === 0 || this.#lagging < this.size) this.release();
  }
}
