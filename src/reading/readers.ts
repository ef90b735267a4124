import type { Connection } from '../connection/connection.js';
import type { Principal } from '../connection/principal.js';
import { inTurn } from '../connection/turn.js';
import { connectionFull } from '../run/run-errors.js';
import type { RunHandle } from '../run/run-handle.js';
import type { RunManager } from '../run/run-manager.js';
import { allOf, andThen, type Awaitable } from '../runtime/awaitable.js';
import type { Logger } from '../runtime/logger.js';
import { conversationKey } from '../store/conversation-store.js';
import type { StoredRun } from '../store/run-store.js';
import { PlacesInLine } from './places-in-line.js';
import { Cancelling, type CancelReply } from './cancellation.js';
import { RunStartedFrame } from './run-started-frame.js';
import { SeenRuns } from './seen-runs.js';
import { Subscriptions } from './subscriptions.js';
import { Watchers } from './watchers.js';

/** How often a run that is to be stopped is looked up, if it moves to another node meanwhile. */
const CANCEL_ATTEMPTS = 3;

/** How many runs are looked up in one turn of the event loop. */
const LOOKUPS = 100;

/** What {@link Readers} takes. */
export interface ReadersOptions {
  readonly runs: RunManager;
  /** Maximum number of runs that one connection started or resumed, and reads. */
  readonly maxRunsPerConnection: number;
  readonly logger: Logger;
}

/** The position at which a connection begins to read a run. */
export interface ReadFrom {
  /** The last `seq` the connection has; 0 for none. */
  readonly after: number;
  /** Repeated on the first message of the run that the connection gets. */
  readonly requestId?: string | undefined;
}

/** What a connection wants to stop. */
export interface CancelRequest {
  /** One run; without it, every run that the connection started or resumed, and may stop. */
  readonly id: string | undefined;
  /**
   * The owner of that run.
   * @default the principal of the connection
   */
  readonly owner?: Principal | undefined;
  /** Whether the connection may stop a run, if it names none. */
  readonly mayStop: (run: RunHandle) => boolean;
}

/**
 * The readers of all runs: which connection reads which runs and watches which conversations. A connection reads a run
 * at most once, at its own position in the log. A connection that watches a conversation is informed of each run that
 * starts there, and reads the run.
 */
export class Readers {
  readonly #runs: RunManager;
  readonly #maxRuns: number;
  readonly #logger: Logger;
  readonly #subscriptions = new Subscriptions();
  readonly #watchers: Watchers;
  readonly #seen = new SeenRuns();
  /** The line of runs that wait for workers, if there is one. */
  readonly #line: PlacesInLine | undefined;

  constructor({ runs, maxRunsPerConnection, logger }: ReadersOptions) {
    this.#runs = runs;
    this.#maxRuns = maxRunsPerConnection;
    this.#logger = logger;
    this.#watchers = new Watchers((key, active) => {
      const [owner, id] = JSON.parse(key) as [string, string];
      runs.watch(owner, id, active);
    });
    const { queue, lineWatch } = runs;
    this.#line =
      queue &&
      new PlacesInLine({
        queue,
        hasNoWorkers: () => lineWatch?.hasNoWorkers === true,
        isReading: (connection, { id }) => this.#subscriptions.of(connection).has(id),
      });
    runs.on('start', (run) => this.#announce(run));
    runs.on('elsewhere', (run) => this.#announce(run));
  }

  /**
   * Checks that a connection may start or resume one more run. Runs that it reads because it watches their conversations
   * do not count: it would be told of a run that it cannot read.
   * @param id - the run, if it is known: a run that the connection reads already does not count again
   * @throws AgentSocketError `too_many_runs`
   */
  check(connection: Connection, id?: string): void {
    const reading = this.#subscriptions.of(connection);
    if (id !== undefined && reading.has(id)) return;
    if (reading.size < this.#maxRuns) return;
    const asked = [...reading.values()].filter(({ isAsked }) => isAsked);
    if (asked.length >= this.#maxRuns) throw connectionFull(this.#maxRuns);
  }

  /**
   * Lets a connection read a run from a position: first the existing messages, then new ones, without a gap. If the
   * connection reads the run already, it continues from the new position.
   */
  open(connection: Connection, run: RunHandle, from: ReadFrom): void {
    this.#seen.add(connection, run.id);
    this.#subscribe(connection, run, from, false);
  }

  /** The runs that a connection started or resumed, oldest first. */
  async seenBy(connection: Connection): Promise<StoredRun[]> {
    const { store } = this.#runs;
    const owner = connection.principal.id;
    const ids = this.#seen.of(connection);
    const found: StoredRun[] = [];
    for (let from = 0; from < ids.length && connection.isOpen; from += LOOKUPS) {
      // Each run is a query of its own: others have their turn before the next ones.
      if (from > 0) await new Promise((resolve) => setImmediate(resolve));
      const runs = await allOf(ids.slice(from, from + LOOKUPS).map((id) => store.open(owner, id)));
      for (const run of runs) if (run !== undefined) found.push(run);
    }
    return found.sort((a, b) => a.meta.createdAt - b.meta.createdAt);
  }

  /** Whether the logs that a connection reads have something that was not sent to it yet. */
  isBehind(connection: Connection): boolean {
    return [...this.#subscriptions.of(connection).values()].some((subscription) => subscription.isBehind);
  }

  /** Whether a connection reads a run, or has asked for one. */
  isReading(connection: Connection): boolean {
    return this.#subscriptions.of(connection).size > 0 || connection.turn !== undefined;
  }

  /**
   * Lets a connection read every run that starts in a conversation from now on.
   * @throws AgentSocketError `forbidden` if the connection, its owner or its address watches as many as it may.
   */
  watch(connection: Connection, conversationId: string): void {
    this.#watchers.add(connection, conversationKey(connection.principal.id, conversationId));
  }

  /** Ends {@link watch}. The connection continues to read its runs. */
  unwatch(connection: Connection, conversationId: string): void {
    this.#watchers.remove(connection, conversationKey(connection.principal.id, conversationId));
  }

  /** The conversations that a connection watches. */
  watchedBy(connection: Connection): readonly string[] {
    return Array.from(this.#watchers.by(connection), (key) => (JSON.parse(key) as [owner: string, id: string])[1]);
  }

  /** The connections that watch a conversation. */
  watchersOf(owner: string, conversationId: string): readonly Connection[] {
    return [...this.#watchers.of(conversationKey(owner, conversationId))];
  }

  /** Informs a connection of a run in a conversation that it watches, and lets it read the run. */
  introduce(connection: Connection, run: RunHandle, frame = new RunStartedFrame(run)): void {
    const { owner, conversationId = '' } = run.meta;
    if (this.#watchers.has(connection, conversationKey(owner, conversationId))) this.show(connection, run, frame);
  }

  /** Like {@link introduce}, for a connection that has another reason to read the run. */
  show(connection: Connection, run: RunHandle, frame = new RunStartedFrame(run)): void {
    if (this.#subscriptions.of(connection).has(run.id)) return;
    connection.sendEncoded(frame.at(connection.timestamp()));
    this.#subscribe(connection, run, { after: 0 }, true);
  }

  /**
   * Stops one run of the owner, or every run that the connection started or resumed. Waits until the runs are over and
   * the connection has been sent all their messages. A run that moves to another node meanwhile is looked up again. Earlier requests of the connection are claimed first. An unknown
   * id is remembered for 60 s: a run that is created with it is cancelled.
   */
  async cancel(
    connection: Connection,
    { id, owner = connection.principal, mayStop }: CancelRequest,
  ): Promise<CancelReply> {
    for (let attempts = 1; ; attempts++) {
      const cancelling = await inTurn(connection, () => this.#stop(connection, id, owner, mayStop));
      if (cancelling === undefined) return { outcome: 'nothing_running', runIds: [] };
      const { outcome, runIds } = await cancelling.done(this.#runs.store);
      if (outcome !== 'moved') return { outcome, runIds };
      // If this process ends, its runs are left to others.
      if (id === undefined || attempts === CANCEL_ATTEMPTS) return { outcome: 'already_finished', runIds };
    }
  }

  #stop(
    connection: Connection,
    id: string | undefined,
    owner: Principal,
    mayStop: (run: RunHandle) => boolean,
  ): Awaitable<Cancelling | undefined> {
    const all = this.#subscriptions.of(connection);
    if (id === undefined) {
      return new Cancelling(connection, undefined, new Map([...all].filter(([, { run }]) => mayStop(run))));
    }
    return andThen(this.#runs.get(owner, id), (run) => {
      if (run !== undefined) return new Cancelling(connection, run, all);
      return andThen(this.#runs.cancelOnArrival(owner, id, connection.remoteAddress), () => undefined);
    });
  }

  /** The connection that asked for the run reads it already and needs no announcement. */
  #announce(run: RunHandle): void {
    const { owner, conversationId } = run.meta;
    if (conversationId === undefined) return;
    const frame = new RunStartedFrame(run);
    for (const connection of this.watchersOf(owner, conversationId)) this.introduce(connection, run, frame);
  }

  #subscribe(connection: Connection, run: RunHandle, { after, requestId }: ReadFrom, watched: boolean): void {
    this.#subscriptions.open(connection, run, {
      after,
      requestId,
      watched,
      onFault: (error) => this.#logger.error({ runId: run.id, err: error }, 'A run log cannot be read'),
    });
    this.#line?.add(connection, run);
  }
}
