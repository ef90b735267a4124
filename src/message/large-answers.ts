import type { Connection } from '../connection/connection.js';
import type { Awaitable } from '../runtime/awaitable.js';

/**
 * Sends large answers one at a time for each connection, when its buffer is below the mark. Several large answers at
 * once would count as unread even for a client that reads, and would all be held in memory for one that does not.
 */
export class LargeAnswers {
  /** The end of the last answer in the queue. */
  readonly #last = new WeakMap<Connection, Promise<void>>();

  /** Calls `work` in turn: at once if nothing is in the way, never if the connection is gone. */
  inTurn(connection: Connection, work: () => Awaitable<void>): Promise<void> {
    const turn = this.#take(connection, this.#last.get(connection), work);
    const ended = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(connection) === ended) this.#last.delete(connection);
      });
    this.#last.set(connection, ended);
    return turn;
  }

  async #take(connection: Connection, before: Promise<void> | undefined, work: () => Awaitable<void>): Promise<void> {
    if (before !== undefined) {
      await before;
      // Other connections come first: an answer may take milliseconds to make.
      await new Promise(setImmediate);
    }
    if (connection.isWritable || (await connection.writable())) await work();
  }
}
