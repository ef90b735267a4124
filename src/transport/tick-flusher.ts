/** A socket that gathers what it is told. */
export interface Corked {
  flush(): void;
}

/**
 * Sockets that gather at once. A loaded tick serves a thousand: the first must not wait for the last.
 */
const MAX_WAITING = 8;

/**
 * Flushes what gathered soon: when some sockets have, and at the end of the tick of the event loop. All messages that one
 * read causes for a connection leave in one system call.
 */
export class TickFlusher {
  #waiting: Corked[] = [];
  #scheduled = false;

  add(socket: Corked): void {
    if (this.#waiting.length >= MAX_WAITING) this.#flush();
    this.#waiting.push(socket);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#endOfTick);
  }

  readonly #endOfTick = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const socket of waiting) socket.flush();
  }
}
