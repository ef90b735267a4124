import type { ToolCall, ToolDeps, ToolOutcome } from '../tool/run-tool.js';
import type { LlmAssistantMessage, LlmMessage, LlmProvider } from './llm-provider.js';

/** Where the agent's output goes: the log of the run. All synchronous; a run that is over takes nothing. */
export interface AgentOutput {
  text(delta: string): void;
  reasoning(delta: string): void;
  /** What the model said with the calls that come next, told before any of them. */
  willCall(message: LlmAssistantMessage): void;
  toolCall(call: ToolCall): void;
  /** What a tool reports while it works. */
  toolData(call: ToolCall, data: unknown): void;
  toolResult(call: ToolCall, outcome: ToolOutcome): void;
  /** Output that is kept and not shown: it counts against the bounds of the run as well. */
  charge(bytes: number): void;
  /** Where every reader lags behind: a promise to wait for before more is pulled from the provider. */
  backpressure(): Promise<void> | undefined;
}

/** What the loop works with. */
export interface AgentDeps {
  readonly provider: LlmProvider;
  readonly output: AgentOutput;
  /** Model calls in which it may call tools, at most. */
  readonly maxSteps: number;
  /** What to ask with where the model refuses a chat as too long; `undefined` where it cannot be shorter. */
  readonly shorten: (this: void, messages: readonly LlmMessage[]) => Promise<LlmMessage[] | undefined>;
  /** What its tools are executed with. Their signal is the agent's as well. */
  readonly forTools: ToolDeps;
}
