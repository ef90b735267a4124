import type { Connection } from '../connection/connection.js';
import { OneEachTurn } from '../runtime/one-each-turn.js';
import type { Awaitable } from '../runtime/awaitable.js';

/**
 * Sends large answers one at a time for each connection, when its buffer is below the mark. Several large answers at
 * once would count as unread even for a client that reads, and would all be held in memory for one that does not.
 * One turn of the event loop has one large answer of all connections.
 */
export class LargeAnswers {
  /** The end of the last answer in the queue. */
  readonly #last = new WeakMap<Connection, Promise<void>>();
  readonly #turns = new OneEachTurn();

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
    if (before !== undefined) await before;
    if (!connection.isWritable && !(await connection.writable())) return;
    const turn = this.#turns.take(() => connection.isOpen);
    if (turn !== undefined) await turn;
    if (connection.isOpen) await work();
  }
}
