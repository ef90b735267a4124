import type { Connection } from '../connection/connection.js';

/** Runs remembered for one connection. */
const MAX_SEEN = 1_000;

/** Which runs a connection started or resumed. */
export class SeenRuns {
  readonly #byConnection = new WeakMap<Connection, Set<string>>();

  /** The ids, the latest last. */
  of(connection: Connection): readonly string[] {
    return [...(this.#byConnection.get(connection) ?? [])];
  }

  /** Remembers a run as the latest, and forgets the earliest if there are more than 1,000. */
  add(connection: Connection, id: string): void {
    let seen = this.#byConnection.get(connection);
    if (seen === undefined) this.#byConnection.set(connection, (seen = new Set()));
    seen.delete(id);
    seen.add(id);
    if (seen.size <= MAX_SEEN) return;
    const [oldest] = seen;
    if (oldest !== undefined) seen.delete(oldest);
  }
}
