/** How long a run waits for readers that all lag, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** One reader of a run. */
export interface RunReader {
  /** Whether its client can come back and resume. */
  readonly canReturn: boolean;
  /** The run is over, and its log will never say so. */
  onAbandoned(): void;
}

/** The readers of one run, counted: how many read, and how many of them lag behind. The run knows no more of them. */
export class RunReaders {
  /** Since when nobody reads, on the monotonic clock in milliseconds; `undefined` while somebody does. */
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

  /** Removes a reader, which does not lag any more. */
  leave(reader: RunReader): void {
    this.#readers = this.#readers.filter((other) => other !== reader);
    this.#check();
    if (this.size > 0) return;
    this.emptySince = performance.now();
    this.#onEmpty(reader.canReturn);
  }

  /** The log will never have a last message: tells every reader. */
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
