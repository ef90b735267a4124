import { isLater, type Awaitable } from '../runtime/awaitable.js';
import type { Connection } from './connection.js';

/**
 * Does work in the order in which the connection asked for it: at once if no earlier work is pending, otherwise after
 * it. So a `cancel` does not overtake its query while a store claims the query's id.
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
