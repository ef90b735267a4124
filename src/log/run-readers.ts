/** How long a run waits for readers that all lag, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** One reader of a run. */
export interface RunReader {
  /** Whether the client can come back and resume. */
  readonly canReturn: boolean;
  /** The run is over, and its log gets no final message. */
  onAbandoned(): void;
}

/** Counts the readers of one run, and how many of them lag. The run knows no more about them. */
export class RunReaders {
  /** When the last reader left, on the monotonic clock in milliseconds; `undefined` while there are readers. */
  emptySince: number | undefined;
  readonly #onEmpty: (canReturn: boolean) => void;
  #readers: readonly RunReader[] = [];
  #lagging = 0;
  #wait: Promise<void> | undefined;
  #release: (() => void) | undefined;

  /** @param onEmpty - called when the last reader left; `canReturn` says whether its client can come back */
  constructor(onEmpty: (canReturn: boolean) => void = () => undefined) {
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#readers.length;
  }

  get lagging(): number {
    return this.#lagging;
  }

  /** Adds a reader. */
  join(reader: RunReader): void {
    this.#readers = this.#readers.concat(reader);
    this.emptySince = undefined;
    this.#check();
  }

  /** Removes a reader, which then no longer counts as lagging. */
  leave(reader: RunReader): void {
    this.#readers = this.#readers.filter((other) => other !== reader);
    this.#check();
    if (this.size > 0) return;
    this.emptySince = performance.now();
    this.#onEmpty(reader.canReturn);
  }

  /** Tells every reader that the log gets no final message. */
  abandon(): void {
    for (const reader of this.#readers) reader.onAbandoned();
  }

  /** Notes that a reader begins or stops to lag. */
  lag(lags: boolean): void {
    this.#lagging += lags ? 1 : -1;
    this.#check();
  }

  /**
   * A promise to wait for, for 30 s at most, before more is pulled from the provider while every reader lags.
   * `undefined` while nobody reads, or one reader keeps up: a run without readers is never paused.
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
