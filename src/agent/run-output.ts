import type { AgentOutput } from './agent-deps.js';
import type { AgentState } from './agent-state.js';
import type { LlmAssistantMessage } from './llm-provider.js';
import type { ToolCall, ToolOutcome } from '../tool/run-tool.js';
import { usageOf } from './usage.js';
import { draftLine } from './recovered-log.js';
import type { RunMessage } from '../log/run-message.js';
import type { FinalState } from '../store/run-state.js';
import type { RunOutcome } from '../run/run-worker.js';
import type { Run } from '../run/run.js';

/** Writes the output of an agent to its run. */
abstract class RunOutput implements AgentOutput {
  protected readonly run: Run;
  protected readonly agent: AgentState;

  constructor(run: Run, agent: AgentState) {
    this.run = run;
    this.agent = agent;
  }

  abstract text(delta: string): void;
  abstract reasoning(delta: string): void;

  willCall(message: LlmAssistantMessage): void {
    // The log holds what readers see; provider data goes into the draft.
    this.run.keepDraft(draftLine(this.agent.step, message));
  }

  toolCall({ toolCallId, toolName, params }: ToolCall): void {
    this.run.message({ type: 'stream_tool_call', tool_call_id: toolCallId, tool_name: toolName, params });
  }

  toolData(call: ToolCall, data: unknown): void {
    this.run.message(toolDataMessage(call, data));
  }

  toolResult(call: ToolCall, outcome: ToolOutcome): void {
    this.run.message(toolResultMessage(call, outcome));
    // Other calls of the step still wait for approval: the checkpoint must include this result.
    if (this.run.state === 'waiting_approval') this.run.enter('waiting_approval');
  }

  charge(bytes: number): void {
    this.run.charge(bytes);
  }

  backpressure(): Promise<void> | undefined {
    return this.run.backpressure();
  }
}

/** An `agent_query` streams only what tools do; its text is kept until the end. */
export class WholeOutput extends RunOutput {
  text(delta: string): void {
    if (delta === '' || !this.run.heard()) return;
    this.run.charge(Buffer.byteLength(delta));
    this.run.keepDraft(draftLine(this.agent.step, delta));
  }

  reasoning(delta: string): void {
    // Readers never see reasoning here, but the conversation stores it.
    this.run.charge(Buffer.byteLength(delta));
  }
}

/** Streams the answer while the model writes it. */
export class StreamedOutput extends RunOutput {
  text(delta: string): void {
    this.run.text('stream_chunk', delta);
  }

  reasoning(delta: string): void {
    this.run.text('stream_reasoning', delta);
  }
}

/** The outcome of a run: its usage, and the answer if `isWhole` and the log will not hold it. */
export function outcomeOf(agent: AgentState, state: FinalState, isWhole: boolean): RunOutcome {
  const partial = agent.partial?.text.toString() ?? '';
  const content = partial === '' ? agent.content : partial;
  return { usage: usageOf(agent), content: isWhole && state !== 'finished' && content !== '' ? content : undefined };
}

/** The message for readers about data that a tool reports while it works. */
export function toolDataMessage({ toolCallId, toolName }: ToolCall, data: unknown): RunMessage {
  return { type: 'stream_data', tool_call_id: toolCallId, tool_name: toolName, data };
}

/** The message for readers about the result of a call. */
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
