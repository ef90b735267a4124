/** How long a run waits for readers that all lag, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** One reader of a run. */
export interface RunReader {
  /** Whether the client can come back and resume. */
  readonly canReturn: boolean;
  /** The run is over, and its log gets no final message. */
  onAbandoned(): void;
  /** Another node has taken the run over: its log is read there. */
  onMoved(): void;
}

/** Readers of another node, as one. */
export interface ReadersElsewhere {
  /** Whether all of them lag. */
  readonly lags: boolean;
  /** Whether the client of the last one can come back. */
  readonly canReturn: boolean;
}

const NOBODY: readonly ReadersElsewhere[] = [];

/** Counts the readers of one run, and how many of them lag. The run knows no more about them. */
export class RunReaders {
  /** When the last reader left, on the monotonic clock in milliseconds; `undefined` while there are readers. */
  emptySince: number | undefined;
  readonly #onEmpty: (canReturn: boolean) => void;
  #readers: readonly RunReader[] = [];
  #lagging = 0;
  #elsewhere: readonly ReadersElsewhere[] = NOBODY;
  #wait: Promise<void> | undefined;
  #release: (() => void) | undefined;

  /** @param onEmpty - called when the last reader left; `canReturn` says whether its client can come back */
  constructor(onEmpty: (canReturn: boolean) => void = () => undefined) {
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#readers.length + this.#elsewhere.length;
  }

  get lagging(): number {
    return this.#elsewhere === NOBODY
      ? this.#lagging
      : this.#lagging + this.#elsewhere.filter(({ lags }) => lags).length;
  }

  /** Whether the client of a reader can come back. */
  get canReturn(): boolean {
    return this.#readers.some((reader) => reader.canReturn);
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

  /** Replaces the readers of other nodes, each node as one reader. */
  readElsewhere(readers: readonly ReadersElsewhere[]): void {
    const left = this.#elsewhere;
    this.#elsewhere = readers;
    this.#check();
    if (this.size > 0) return void (this.emptySince = undefined);
    this.emptySince ??= performance.now();
    if (left.length > 0) this.#onEmpty(left.some(({ canReturn }) => canReturn));
  }

  /** Tells every reader that another node has taken the run over. */
  move(): void {
    for (const reader of this.#readers) reader.onMoved();
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
    if (this.size === 0 || this.lagging < this.size) return undefined;
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
    if (this.size === 0 || this.lagging < this.size) this.release();
  }
}
