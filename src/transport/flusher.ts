/** How long a message may wait if its sender permits it, in milliseconds. */
const PATIENCE_MS = 5;

/** A socket that collects messages. Flushing it without messages does nothing. */
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
 * Flushes as soon as the running code is done: all messages that one event causes for a connection are sent with one
 * system call, and no connection waits for the work of another. Messages that may wait are sent at most 5 ms later.
 */
export class Flusher {
  /** Flushed at the end of this tick. */
  readonly soon = new Batch((flush) => process.nextTick(flush));
  /** Flushed after {@link PATIENCE_MS}. */
  readonly later = new Batch((flush) => setTimeout(flush, PATIENCE_MS));
}
