import type { ModelReport } from '../run/run-reports.js';
import type { Tracer } from '../runtime/trace.js';
import type { ToolCall, ToolDeps, ToolOutcome } from '../tool/run-tool.js';
import type { LlmAssistantMessage, LlmMessage, LlmProvider } from './llm-provider.js';

/** The agent's output: the log of the run. All methods are synchronous; a run that is over ignores them. */
export interface AgentOutput {
  text(delta: string): void;
  reasoning(delta: string): void;
  /** What the model said together with the calls that follow. Called before any of the calls is announced. */
  willCall(message: LlmAssistantMessage): void;
  toolCall(call: ToolCall): void;
  /** What a tool reports while it works. */
  toolData(call: ToolCall, data: unknown): void;
  toolResult(call: ToolCall, outcome: ToolOutcome): void;
  /** Counts output that readers do not see against the limits of the run. */
  charge(bytes: number): void;
  /** A promise to wait for before more is pulled from the provider, if every reader lags behind. */
  backpressure(): Promise<void> | undefined;
}

/** What the agent loop needs. */
export interface AgentDeps {
  readonly provider: LlmProvider;
  readonly output: AgentOutput;
  /** Maximum number of model calls that may call tools. */
  readonly maxSteps: number;
  /** Makes a shorter chat after the model refused one as too long; `undefined` if the chat cannot be shorter. */
  readonly shorten: (this: void, messages: readonly LlmMessage[]) => Promise<LlmMessage[] | undefined>;
  /** Models that are asked without tools, since they refused them. Shared by all runs. */
  readonly withoutTools: Set<string | undefined>;
  /** Surrounds each call of the model; absent if nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Called when a call of the model is over. */
  readonly onModel?: ((report: ModelReport) => void) | undefined;
  /** What tools are executed with. What stops them stops the agent as well. */
  readonly forTools: ToolDeps;
}
