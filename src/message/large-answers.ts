import type { Connection } from '../connection/connection.js';
import type { Awaitable } from '../runtime/awaitable.js';

/**
 * Answers that may be large: of each connection one at a time, when its buffer is below the mark. Several at once would
 * count as unread although the client reads, and would all be held in memory where it does not.
 */
export class LargeAnswers {
  /** The end of the last one in line. */
  readonly #last = new WeakMap<Connection, Promise<void>>();

  /** Calls `work` when its turn has come, at once where nothing is in the way; never where the connection is gone. */
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
    if (before !== undefined) await before;
    if (connection.isWritable || (await connection.writable())) await work();
  }
}
