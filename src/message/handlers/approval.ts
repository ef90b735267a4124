import { inTurn } from '../../connection/turn.js';
import type { Handler } from '../handler-context.js';
import { ownerOf } from '../run-place.js';

/** Decides about a tool call. If a decision exists already, the reply repeats that decision. */
export const handleApproval: Handler<'approval'> = async (context, connection, message) => {
  const { runs } = context;
  const { room, run_id: runId, tool_call_id: toolCallId, approved, reason } = message;
  const given = { approved, by: 'principal' as const, reason };
  const standing = await inTurn(connection, () =>
    runs.approve(ownerOf(context, connection, { room }), runId, toolCallId, given),
  );
  // Replies only after the commit, so that a crash cannot lose the decision.
  await runs.store.commit();
  connection.sendMessage({
    type: 'approval_resolved',
    tool_call_id: toolCallId,
    approved: standing.approved,
    by: standing.by,
    reason: standing.reason,
    timestamp: connection.timestamp(),
    run_id: runId,
    request_id: message.request_id,
  });
};
