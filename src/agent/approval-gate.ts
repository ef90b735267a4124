import type { ToolApprovals } from '../tool/run-tool.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { Run } from '../run/run.js';

/** Lets a tool call pass only if a person approves it within `timeoutMs`; otherwise says why it was refused. */
export function approvalGate({ approvals }: Run, timeoutMs: number): ToolApprovals {
  return {
    has: (toolCallId) => approvals.has(toolCallId),
    paramsOf: (toolCallId) => approvals.paramsOf(toolCallId),
    ask: async (call) => {
      const { approved, by, reason = '' } = await approvals.ask(call, timeoutMs);
      if (approved) return;
      const why = {
        principal: reason === '' ? 'The call was refused' : `The call was refused: ${reason}`,
        expiry: 'Nobody decided about the call in time',
        cancel: 'The run was stopped before the tool started',
      };
      throw new AgentSocketError(by === 'cancel' ? 'tool_failed' : 'forbidden', why[by]);
    },
  };
}
