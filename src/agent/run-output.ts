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

/** All an agent puts out, written to its run. */
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
    // The log says what a reader is told, not what the provider wants back.
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
    // Others of the same step still wait for a person: what this one came to is written down for them.
    if (this.run.state === 'waiting_approval') this.run.enter('waiting_approval');
  }

  charge(bytes: number): void {
    this.run.charge(bytes);
  }

  backpressure(): Promise<void> | undefined {
    return this.run.backpressure();
  }
}

/** An answer in one piece streams nothing but what the tools do; its text is kept until the end. */
export class WholeOutput extends RunOutput {
  text(delta: string): void {
    if (delta === '') return;
    this.run.firstTextAt ??= performance.now();
    this.run.charge(Buffer.byteLength(delta));
    this.run.keepDraft(draftLine(this.agent.step, delta));
  }

  reasoning(delta: string): void {
    // Nobody is shown it, but the conversation keeps it.
    this.run.charge(Buffer.byteLength(delta));
  }
}

/** An answer that is shown while it is written. */
export class StreamedOutput extends RunOutput {
  text(delta: string): void {
    this.run.text('stream_chunk', delta);
  }

  reasoning(delta: string): void {
    this.run.text('stream_reasoning', delta);
  }
}

/** What an agent leaves a run that ends: its cost, and the answer where `isWhole` and its log will not hold it. */
export function outcomeOf(agent: AgentState, state: FinalState, isWhole: boolean): RunOutcome {
  const partial = agent.partial?.text.toString() ?? '';
  const content = partial === '' ? agent.content : partial;
  return { usage: usageOf(agent), content: isWhole && state !== 'finished' && content !== '' ? content : undefined };
}

/** What a tool reports while it works, for those who read the run. */
export function toolDataMessage({ toolCallId, toolName }: ToolCall, data: unknown): RunMessage {
  return { type: 'stream_data', tool_call_id: toolCallId, tool_name: toolName, data };
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
