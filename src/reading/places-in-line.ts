import type { Connection } from '../connection/connection.js';
import { RemoteRun } from '../run/remote-run.js';
import type { RunHandle } from '../run/run-handle.js';
import type { WorkQueue } from '../store/work-queue.js';

/** How often the places are asked for. In milliseconds. */
const PERIOD_MS = 1_000;
/** How long after a run came. In milliseconds: others may come with it. */
const FIRST_MS = 50;

/** What {@link PlacesInLine} takes. */
export interface PlacesInLineOptions {
  readonly queue: WorkQueue;
  /** Whether no node takes runs from the line. */
  readonly hasNoWorkers: () => boolean;
  /** Whether a connection reads a run. */
  readonly isReading: (connection: Connection, run: RunHandle) => boolean;
}

/**
 * Tells the clients of a node the places of their runs that wait for a worker, and whether there is none, each when it has
 * changed.
 */
export class PlacesInLine {
  readonly #options: PlacesInLineOptions;
  /** The last place that a connection was told, for each run that waits. */
  readonly #told = new Map<RemoteRun, Map<Connection, number>>();
  /** Whether clients are told that there is no worker. */
  #hasNoWorkers = false;
  #isAsking = false;

  constructor(options: PlacesInLineOptions) {
    this.#options = options;
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
      this.#lookForWorkers();
      const runs = [...this.#told.keys()];
      const places = await this.#options.queue.positions(runs.map(({ meta: { owner, id } }) => ({ owner, id })));
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
        if (!connection.isOpen || !this.#options.isReading(connection, run)) told.delete(connection);
      }
      if (told.size === 0 || !isWaiting(run)) this.#told.delete(run);
    }
  }

  /** If workers come or go, every client is told, also if its place stays the same. */
  #lookForWorkers(): void {
    const hasNoWorkers = this.#options.hasNoWorkers();
    if (hasNoWorkers === this.#hasNoWorkers) return;
    this.#hasNoWorkers = hasNoWorkers;
    for (const told of this.#told.values()) for (const connection of told.keys()) told.set(connection, 0);
  }

  /** @param place - `undefined` for a run whose turn in its conversation has not come, or that was taken just now */
  #tell(run: RemoteRun, place: number | undefined): void {
    if (place === undefined || !isWaiting(run)) return;
    const { msPerPlace } = this.#options.queue;
    // A line without workers does not move as it did.
    const isKnown = msPerPlace !== undefined && !this.#hasNoWorkers;
    for (const [connection, last] of this.#told.get(run) ?? []) {
      // A client that does not read gets the newest place later.
      if (last === place || !connection.isWritable) continue;
      this.#told.get(run)?.set(connection, place);
      connection.sendMessage({
        type: 'queued',
        timestamp: connection.timestamp(),
        run_id: run.id,
        position: place,
        estimated_wait_ms: isKnown ? Math.round(place * msPerPlace) : undefined,
        no_workers: this.#hasNoWorkers || undefined,
      });
    }
  }
}

/** Whether no node executes a run yet. */
function isWaiting(run: RunHandle): run is RemoteRun {
  return run instanceof RemoteRun && run.host === undefined && !run.isOver && run.head === 0;
}
