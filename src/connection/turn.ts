import { isLater, type Awaitable } from '../runtime/awaitable.js';
import type { Connection } from './connection.js';

/**
 * Does work that must stay in the order in which the connection asked for it: at once where nothing of the kind is
 * pending, and behind it otherwise. So a `cancel` does not overtake the query it means while a store claims its id.
 */
export function inTurn<T>(connection: Pick<Connection, 'turn'>, work: () => Awaitable<T>): Awaitable<T> {
  const result = connection.turn === undefined ? work() : connection.turn.then(work);
  if (!isLater(result)) return result;
  const done = (): void => {
    if (connection.turn === turn) connection.turn = undefined;
  };
  const turn: Promise<void> = result.then(done, done);
  connection.turn = turn;
  return result;
}
