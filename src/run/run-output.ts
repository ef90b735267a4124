import { usageOf, type AgentOutput, type AgentState } from '../agent/agent-loop.js';
import type { ToolCall, ToolOutcome } from '../agent/run-tool.js';
import { draftLine } from './left-behind.js';
import type { RunMessage } from './run-message.js';
import type { FinalState } from './run-state.js';
import type { RunOutcome } from './run-worker.js';
import type { Run } from './run.js';

/** Where the text of an answer goes. */
export type TextOutput = Pick<AgentOutput, 'text' | 'reasoning'>;

/** An answer in one piece streams nothing but what the tools do; its text is kept until the end. */
export function kept(run: Run, agent: AgentState): TextOutput {
  return {
    text: (delta) => {
      run.charge(Buffer.byteLength(delta));
      run.keepDraft(draftLine(agent.step, delta));
    },
    reasoning: () => undefined,
  };
}

/** An answer that is shown while it is written. */
export function streamed(run: Run): TextOutput {
  return {
    text: (delta) => run.text('stream_chunk', delta),
    reasoning: (delta) => run.text('stream_reasoning', delta),
  };
}

/** All an agent puts out, written to its run. */
export function agentOutput(run: Run, text: TextOutput): AgentOutput {
  return {
    ...text,
    toolCall: (call) =>
      run.message({
        type: 'stream_tool_call',
        tool_call_id: call.toolCallId,
        tool_name: call.toolName,
        params: call.params,
      }),
    toolResult: (call, outcome) => {
      run.message(toolResultMessage(call, outcome));
      // Others of the same step still wait for a person: what this one came to is written down for them.
      if (run.state === 'waiting_approval') run.enter('waiting_approval');
    },
    charge: (bytes) => run.charge(bytes),
    backpressure: () => run.backpressure(),
  };
}

/** What an agent leaves a run that ends: its cost, and the answer where `isWhole` and its log will not hold it. */
export function outcomeOf(agent: AgentState, state: FinalState, isWhole: boolean): RunOutcome {
  const partial = agent.partial?.toString() ?? '';
  const content = partial === '' ? agent.content : partial;
  return { usage: usageOf(agent), content: isWhole && state !== 'finished' && content !== '' ? content : undefined };
}

/** What a call came to, for those who read the run. */
export function toolResultMessage(call: ToolCall, outcome: ToolOutcome): RunMessage {
  return {
    type: 'stream_tool_result',
    tool_call_id: call.toolCallId,
    tool_name: call.toolName,
    ...(outcome.ok
      ? { result: outcome.result }
      : { error: { code: outcome.error.code, error: outcome.error.message } }),
  };
}
