import type { Connection } from '../connection/connection.js';
import type { RunHandle } from '../run/run-handle.js';
import { allOf, isLater, type Awaitable } from '../runtime/awaitable.js';
import type { RunStore } from '../store/run-store.js';
import type { Subscription } from './subscription.js';

/** The outcome of a cancel, as the client is told. */
export interface CancelReply {
  readonly outcome: 'cancelled' | 'already_finished' | 'nothing_running';
  /** The runs that were stopped. */
  readonly runIds: string[];
}

/** What came of one attempt: with `moved`, a run goes on at another node, or is lost. */
interface CancelOutcome extends Omit<CancelReply, 'outcome'> {
  readonly outcome: CancelReply['outcome'] | 'moved';
}

/** A cancel in progress: its runs were stopped, but may not have ended yet. */
export class Cancelling {
  /** What must end before the reply. A reader that lags behind a run that is over gets the rest of the run first. */
  readonly #waitFor: readonly { readonly ended: Promise<void> }[];
  readonly #meant: number;
  readonly #stopped: readonly RunHandle[];
  /** Pending until the hosts of runs of other nodes are told. */
  readonly #told: Awaitable<void>[] = [];

  /**
   * Stops one run, or every run the connection asked for if `wanted` is absent.
   * @param subscriptions - the runs that the connection reads, by id
   */
  constructor(connection: Connection, wanted: RunHandle | undefined, subscriptions: ReadonlyMap<string, Subscription>) {
    const reading = [...subscriptions.values()].filter(({ run, isAsked }) =>
      wanted === undefined ? isAsked : run.id === wanted.id,
    );
    const candidates = wanted === undefined ? reading.map(({ run }) => run) : [wanted];
    const runs = candidates.filter((run) => !run.isOver);
    for (const run of runs) {
      const subscription = subscriptions.get(run.id);
      // A client of the documented core gets exactly one `cancelled` for its cancel: the reply.
      if (subscription !== undefined && !connection.negotiated) subscription.hidesCancelled = true;
      const told = run.stop({ state: 'cancelled', reason: 'requested' });
      if (isLater(told)) told.catch(() => undefined);
      this.#told.push(told);
    }
    this.#waitFor = [...reading, ...runs];
    this.#meant = candidates.length;
    this.#stopped = runs;
  }

  /** Resolves when the runs are over, as far as this node can tell, and the connection has been sent everything of them. */
  async done(store: RunStore): Promise<CancelOutcome> {
    await allOf(this.#told);
    await Promise.all(this.#waitFor.map(({ ended }) => ended));
    // Replies only after the commit, so that a crash cannot lose the end of the runs.
    await store.commit();
    const runIds = this.#stopped.filter((run) => run.state === 'cancelled').map((run) => run.id);
    if (runIds.length > 0) return { outcome: 'cancelled', runIds };
    if (this.#stopped.some((run) => !run.isOver)) return { outcome: 'moved', runIds };
    return { outcome: this.#meant === 0 ? 'nothing_running' : 'already_finished', runIds };
  }
}
