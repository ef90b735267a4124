/** Something that gathers what it is told in one tick. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes everything once per tick of the event loop, after the reads of that tick: all messages a tick makes
 * for a connection leave in one system call.
 */
export class TickFlusher {
  #waiting: Flushable[] = [];
  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of waiting) socket.flush();
  };

  add(socket: Flushable): void {
    if (this.#waiting.push(socket) === 1) setImmediate(this.#flush);
  }
}
