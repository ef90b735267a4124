import type { Tool, ToolContext } from '../../../src/tool/tool.js';
import { ANONYMOUS } from '../../../src/connection/principal.js';
import { AgentSocketError } from '../../../src/protocol/agent-socket-error.js';

/** Does what a run does with a tool call: validates the params, then executes. */
export async function executeTool(tool: Tool, params: unknown): Promise<unknown> {
  const checked = await tool.params['~standard'].validate(params);
  if (checked.issues !== undefined) {
    throw new AgentSocketError('invalid_params', checked.issues.map((issue) => issue.message).join(' '));
  }
  const context: ToolContext = {
    signal: new AbortController().signal,
    runId: '00000000-0000-4000-8000-000000000000',
    toolCallId: 'call',
    principal: ANONYMOUS,
    report: () => undefined,
  };
  return tool.execute(checked.value, context);
}

/** The error that `work` throws or rejects with. */
export async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}
