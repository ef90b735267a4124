import type { Connection } from '../../connection/connection.js';
import type { ServerMessageOf } from '../../protocol/server-messages.js';
import type { RunManager } from '../../run/run-manager.js';
import type { RunHandle } from '../../run/run-handle.js';
import { toldState } from '../../store/run-store.js';

/** Where a reader of a run begins. */
interface Start {
  readonly after: number;
  readonly requestId: string | undefined;
  readonly reset?: true | undefined;
}

/** Tells a client where a run stands, and lets it read on from there. */
export function resume(runs: RunManager, connection: Connection, run: RunHandle, start: Start): void {
  const { after, requestId } = start;
  if (connection.negotiated) {
    const approvals = pendingApprovals(run);
    const place = runs.placeOf(run);
    connection.sendMessage({
      type: 'resumed',
      timestamp: connection.timestamp(),
      run_id: run.meta.id,
      after,
      head: run.log.published,
      state: toldState(run),
      reset: start.reset,
      position: place === 0 ? undefined : place,
      pending_approvals: approvals.length === 0 ? undefined : approvals,
      request_id: requestId,
    });
  }
  runs.subscribe(connection, run, after, requestId);
}

function pendingApprovals(run: RunHandle): NonNullable<ServerMessageOf<'resumed'>['pending_approvals']> {
  return run.approvals.open.map(({ call: { toolCallId, toolName, params }, expiresInMs }) => ({
    tool_call_id: toolCallId,
    tool_name: toolName,
    params,
    expires_in_ms: expiresInMs,
  }));
}
