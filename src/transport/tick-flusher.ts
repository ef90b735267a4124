/** A socket that gathers what it is told. */
export interface Corked {
  flush(): void;
}

/**
 * Flushes as soon as the code that is running is done: all messages that one event causes for a connection leave in one
 * system call, and no connection waits for another one's work.
 */
export class TickFlusher {
  #waiting: Corked[] = [];

  add(socket: Corked): void {
    if (this.#waiting.push(socket) === 1) process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of waiting) socket.flush();
  };
}
