/** How long a message that may wait does, in milliseconds. */
const PATIENCE_MS = 5;

/** A socket that gathers what it is told. Flushing one that has nothing does nothing. */
export interface Corked {
  flush(): void;
}

/** Sockets that are flushed together. */
class Batch {
  readonly #schedule: (flush: () => void) => void;
  #sockets: Corked[] = [];

  constructor(schedule: (flush: () => void) => void) {
    this.#schedule = schedule;
  }

  add(socket: Corked): void {
    if (this.#sockets.push(socket) === 1) this.#schedule(this.#flush);
  }

  readonly #flush = (): void => {
    const sockets = this.#sockets;
    this.#sockets = [];
    for (const socket of sockets) socket.flush();
  };
}

/**
 * Flushes as soon as the code that is running is done: all messages that one event causes for a connection leave in one
 * system call, and no connection waits for another one's work. What may wait is flushed 5 ms later at most.
 */
export class Flusher {
  /** At the end of this tick. */
  readonly soon = new Batch((flush) => process.nextTick(flush));
  /** In a while. */
  readonly later = new Batch((flush) => setTimeout(flush, PATIENCE_MS));
}
