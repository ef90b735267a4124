import type { Connection } from '../../connection/connection.js';
import { pendingApprovals } from '../../reading/pending-approvals.js';
import type { ReadFrom } from '../../reading/readers.js';
import type { RunHandle } from '../../run/run-handle.js';
import { wireState } from '../../store/run-store.js';
import type { HandlerContext } from '../handler-context.js';

/** Where a connection begins to read a run. */
interface Start extends ReadFrom {
  /** Whether the client must forget what it has of the run. */
  readonly reset?: true | undefined;
}

/** Sends the state of a run, and lets the connection read the run from a position. */
export function readOn({ runs, readers }: HandlerContext, connection: Connection, run: RunHandle, start: Start): void {
  const { after, requestId } = start;
  if (connection.negotiated) {
    const position = runs.positionOf(run);
    connection.sendMessage({
      type: 'resumed',
      timestamp: connection.timestamp(),
      run_id: run.meta.id,
      after,
      head: run.log.published,
      state: wireState(run),
      reset: start.reset,
      position: position === 0 ? undefined : position,
      pending_approvals: pendingApprovals(run),
      request_id: requestId,
    });
  }
  readers.open(connection, run, { after, requestId });
}
