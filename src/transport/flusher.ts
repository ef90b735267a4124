/** How long a message that may wait does, in milliseconds. */
const PATIENCE_MS = 5;

/** A socket that gathers what it is told. Flushing one that has nothing does nothing. */
export interface Corked {
  flush(): void;
}

/**
 * Flushes as soon as the code that is running is done: all messages that one event causes for a connection leave in one
 * system call, and no connection waits for another one's work. What may wait is flushed 5 ms later at most.
 */
export class Flusher {
  #now: Corked[] = [];
  #later: Corked[] = [];

  /** At the end of this tick. */
  add(socket: Corked): void {
    if (this.#now.push(socket) === 1) process.nextTick(this.#flush);
  }

  /** In a while. */
  addLater(socket: Corked): void {
    if (this.#later.push(socket) === 1) setTimeout(this.#flushLater, PATIENCE_MS);
  }

  readonly #flush = (): void => {
    const waiting = this.#now;
    this.#now = [];
    for (const socket of waiting) socket.flush();
  };

  readonly #flushLater = (): void => {
    const waiting = this.#later;
    this.#later = [];
    for (const socket of waiting) socket.flush();
  };
}
