import type { ServerMessageOf } from '../protocol/server-messages.js';
import type { RunHandle } from '../run/run-handle.js';

/** The approvals that a run waits for, with the time that is left; `undefined` if there are none. */
export function pendingApprovals({ approvals: { open } }: Pick<RunHandle, 'approvals'>): Pending | undefined {
  if (open.length === 0) return undefined;
  return open.map(({ call: { toolCallId, toolName, params }, expiresInMs }) => ({
    tool_call_id: toolCallId,
    tool_name: toolName,
    params,
    expires_in_ms: expiresInMs,
  }));
}

type Pending = NonNullable<ServerMessageOf<'resumed'>['pending_approvals']>;
