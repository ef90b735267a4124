import type { Connection } from '../connection/connection.js';
import { BoundedMap } from '../runtime/bounded-map.js';

/** Maximum number of runs remembered for one connection. */
const MAX_SEEN = 1_000;

/** Remembers which runs a connection started or resumed. */
export class SeenRuns {
  readonly #byConnection = new WeakMap<Connection, BoundedMap<string, true>>();

  /** Ids of the runs, the latest last. */
  of(connection: Connection): readonly string[] {
    return [...(this.#byConnection.get(connection)?.keys() ?? [])];
  }

  /** Remembers a run as the latest, and forgets the earliest if there are more than 1,000. */
  add(connection: Connection, id: string): void {
    let seen = this.#byConnection.get(connection);
    if (seen === undefined) this.#byConnection.set(connection, (seen = new BoundedMap(MAX_SEEN)));
    seen.set(id, true);
  }
}
