/** How long a line waits at most, in milliseconds. */
const FLUSH_MS = 100;
/** Length of the waiting lines at which they are written at once, in UTF-16 units. */
const FLUSH_LENGTH = 65_536;

/** What {@link LineBuffer} tells. */
export interface LineEvents {
  /** Lines cannot be written. Called once for each outage. */
  readonly onFailed: (error: unknown) => void;
  /** Lines can be written again. */
  readonly onRecovered: (dropped: number) => void;
}

/**
 * Lines that are written together, at most 100 ms later, and in order. Lines that cannot be written are dropped and
 * counted, so that an outage costs no memory.
 */
export class LineBuffer {
  readonly #append: (lines: readonly string[]) => void;
  readonly #events: LineEvents;
  #waiting: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Lines that were dropped since lines could be written. */
  #dropped = 0;

  /** @param append - writes lines, each with its line break; throws if that is not possible */
  constructor(append: (lines: readonly string[]) => void, events: LineEvents) {
    this.#append = append;
    this.#events = events;
  }

  /** Adds a line, which ends with a line break. */
  write(line: string): void {
    this.#waiting.push(line);
    this.#length += line.length;
    if (this.#length >= FLUSH_LENGTH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Writes all lines that wait. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    this.#length = 0;
    const dropped = this.#dropped;
    try {
      this.#append(lines);
      this.#dropped = 0;
    } catch (error) {
      this.#dropped += lines.length;
      if (dropped === 0) this.#events.onFailed(error);
      return;
    }
    if (dropped > 0) this.#events.onRecovered(dropped);
  }
}
