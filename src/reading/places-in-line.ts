import type { Connection } from '../connection/connection.js';
import { RemoteRun } from '../run/remote-run.js';
import type { RunHandle } from '../run/run-handle.js';
import type { WorkQueue } from '../store/work-queue.js';

/** How often the places are asked for. In milliseconds. */
const PERIOD_MS = 1_000;
/** How long after a run came. In milliseconds: others may come with it. */
const FIRST_MS = 50;

/** Tells the clients of a node the places of their runs that wait for a worker, each when it has changed. */
export class PlacesInLine {
  readonly #queue: WorkQueue;
  readonly #isReading: (connection: Connection, run: RunHandle) => boolean;
  /** The last place that a connection was told, for each run that waits. */
  readonly #told = new Map<RemoteRun, Map<Connection, number>>();
  #isAsking = false;

  /** @param isReading - whether a connection reads a run */
  constructor(queue: WorkQueue, isReading: (connection: Connection, run: RunHandle) => boolean) {
    this.#queue = queue;
    this.#isReading = isReading;
  }

  /** Tells a connection that reads a run the places of the run, while it waits. */
  add(connection: Connection, run: RunHandle): void {
    if (!connection.negotiated || !isWaiting(run)) return;
    let told = this.#told.get(run);
    if (told === undefined) this.#told.set(run, (told = new Map<Connection, number>()));
    told.set(connection, 0);
    if (!this.#isAsking) this.#askIn(FIRST_MS);
  }

  #askIn(ms: number): void {
    this.#isAsking = true;
    setTimeout(() => void this.#ask(), ms).unref();
  }

  async #ask(): Promise<void> {
    try {
      this.#forget();
      const runs = [...this.#told.keys()];
      const places = await this.#queue.positions(runs.map(({ meta: { owner, id } }) => ({ owner, id })));
      for (const [i, run] of runs.entries()) this.#tell(run, places[i]);
    } catch {
      // The queue cannot be reached, which it reports itself: the places are asked for again.
    }
    if (this.#told.size > 0) this.#askIn(PERIOD_MS);
    else this.#isAsking = false;
  }

  /** Forgets runs that have begun, and connections that do not read them any more. */
  #forget(): void {
    for (const [run, told] of this.#told) {
      for (const connection of told.keys()) {
        if (!connection.isOpen || !this.#isReading(connection, run)) told.delete(connection);
      }
      if (told.size === 0 || !isWaiting(run)) this.#told.delete(run);
    }
  }

  /** @param place - `undefined` for a run whose turn in its conversation has not come, or that was taken just now */
  #tell(run: RemoteRun, place: number | undefined): void {
    if (place === undefined || !isWaiting(run)) return;
    const { msPerPlace } = this.#queue;
    for (const [connection, last] of this.#told.get(run) ?? []) {
      // A client that does not read gets the newest place later.
      if (last === place || !connection.isWritable) continue;
      this.#told.get(run)?.set(connection, place);
      connection.sendMessage({
        type: 'queued',
        timestamp: connection.timestamp(),
        run_id: run.id,
        position: place,
        estimated_wait_ms: msPerPlace === undefined ? undefined : Math.round(place * msPerPlace),
      });
    }
  }
}

/** Whether no node executes a run yet. */
function isWaiting(run: RunHandle): run is RemoteRun {
  return run instanceof RemoteRun && run.host === undefined && !run.isOver && run.head === 0;
}
