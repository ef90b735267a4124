import { CUT_OFF } from './acceptable-chat.js';
import type { FinishReason, Usage } from '../protocol/server-messages.js';
import type { JsonObject, LlmToolCall } from '../tool/llm-tool.js';
import type { LlmAssistantMessage, LlmMessage, LlmToolMessage } from './llm-provider.js';
import type { LlmOrigin } from '../store/llm-origin.js';
import { TextBuilder } from '../log/text-builder.js';

/** A tool call of the model, and its result once there is one. */
export interface PendingToolCall {
  readonly call: LlmToolCall;
  /** Why the answer with this call ended too early: the call may be incomplete and is not executed. */
  readonly cutOffBy?: FinishReason;
  /** Whether the client was told of the call. */
  announced?: boolean;
  /** The result for the model and the conversation. */
  answer?: string;
  error?: LlmToolMessage['error'];
  /** What the tool reported. */
  data?: unknown[];
}

/** What a model has said in one step so far. */
export interface AnswerSoFar {
  readonly text: TextBuilder;
  readonly reasoning: TextBuilder;
  readonly origin: LlmOrigin;
  providerData: JsonObject | undefined;
}

/** The state of an agent: plain data, so that it can be stored before a wait and restored later. */
export interface AgentState {
  messages: LlmMessage[];
  /** Model calls begun so far. */
  step: number;
  /** Calls that have no result yet. */
  pendingToolCalls: PendingToolCall[];
  /** Names of the tools the model sees; absent for all. */
  toolNames?: readonly string[] | undefined;
  model?: string | undefined;
  temperature?: number | undefined;
  /** The last text of the model that was not empty. */
  content: string;
  usage: Usage | undefined;
  /** Output of the model call in progress, or of the one that was cut short. */
  partial: AnswerSoFar | undefined;
  /** Whether {@link usage} already includes the cost of {@link partial}. */
  isCounted?: boolean;
}

/** Creates the state of an agent for one question. */
export function startAgent(
  messages: LlmMessage[],
  { toolNames, model, temperature }: Pick<AgentState, 'toolNames' | 'model' | 'temperature'>,
): AgentState {
  return {
    messages,
    step: 0,
    pendingToolCalls: [],
    toolNames,
    model,
    temperature,
    content: '',
    usage: undefined,
    partial: undefined,
    isCounted: false,
  };
}

/** Creates an empty answer. */
export function startAnswer(origin: LlmOrigin): AnswerSoFar {
  return { text: new TextBuilder(), reasoning: new TextBuilder(), origin, providerData: undefined };
}

/** What the model said in a step, as a message of the chat; `undefined` if it said nothing. */
export function assistantMessage(
  { text, reasoning, origin, providerData }: AnswerSoFar,
  toolCalls: readonly LlmToolCall[] = [],
): LlmAssistantMessage | undefined {
  if (text.length + reasoning.length + toolCalls.length === 0) return undefined;
  return {
    role: 'assistant',
    content: text.toString(),
    ...(reasoning.length > 0 && { reasoning: reasoning.toString() }),
    ...(toolCalls.length > 0 && { toolCalls }),
    origin,
    ...(providerData !== undefined && { providerData }),
  };
}

/** The result of a call, as a message of the chat. */
export function toolMessage({ call, answer, error, data }: PendingToolCall): LlmToolMessage {
  const message = {
    role: 'tool',
    toolCallId: call.id,
    toolName: call.name,
    ...(data !== undefined && { data }),
  } as const;
  if (answer !== undefined) return { ...message, content: answer, ...(error !== undefined && { error }) };
  return {
    ...message,
    content: JSON.stringify({ error: CUT_OFF }),
    error: { code: 'outcome_unknown', message: CUT_OFF },
  };
}
