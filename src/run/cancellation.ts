import type { Connection } from '../connection/connection.js';
import type { RunStore, StoredRun } from './run-store.js';
import { Run } from './run.js';
import type { Subscription } from './subscription.js';

/** What a cancel came to. */
export interface Cancellation {
  readonly outcome: 'cancelled' | 'already_finished' | 'nothing_running';
  /** The runs it stopped. */
  readonly runIds: string[];
}

/**
 * Stops one run, or where none is given every run the connection asked for, and waits until they are over and the
 * connection has been sent everything of them.
 * @param subscriptions - what the connection reads, by run id
 */
export async function cancelRuns(
  connection: Connection,
  wanted: Run | StoredRun | undefined,
  subscriptions: ReadonlyMap<string, Subscription>,
  store: RunStore,
): Promise<Cancellation> {
  const reading = [...subscriptions.values()].filter(({ run, isAsked }) =>
    wanted === undefined ? isAsked : run.id === wanted.meta.id,
  );
  const candidates = wanted === undefined ? reading.map(({ run }) => run) : [wanted];
  const runs = candidates.filter((run): run is Run => run instanceof Run && !run.isOver);
  for (const run of runs) {
    const subscription = subscriptions.get(run.id);
    // A client of the documented core gets exactly one `cancelled` for its cancel: the reply.
    if (subscription !== undefined && !connection.negotiated) subscription.hidesCancelled = true;
    run.stop({ state: 'cancelled', reason: 'requested' });
  }
  // A reader that lags behind a run that is over is sent the rest of it before the reply as well.
  await Promise.all([...reading, ...runs].map(({ ended }) => ended));
  // Told only once nothing can make it forgotten.
  store.commit();
  const runIds = runs.filter((run) => run.state === 'cancelled').map((run) => run.id);
  if (runIds.length > 0) return { outcome: 'cancelled', runIds };
  return { outcome: candidates.length === 0 ? 'nothing_running' : 'already_finished', runIds };
}
