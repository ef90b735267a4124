import { CUT_OFF } from './acceptable-chat.js';
import type { FinishReason, Usage } from '../protocol/server-messages.js';
import type { JsonObject, LlmToolCall } from '../tool/llm-tool.js';
import type { LlmAssistantMessage, LlmMessage, LlmToolMessage } from './llm-provider.js';
import type { LlmOrigin } from '../store/llm-origin.js';
import { TextBuilder } from '../log/text-builder.js';

/** A tool call of the model, as far as it is answered. */
export interface PendingToolCall {
  readonly call: LlmToolCall;
  /** Why the answer it stands in ended too early: the call may not be whole and is not executed. */
  readonly cutOffBy?: FinishReason;
  /** Whether the client was told of it. */
  announced?: boolean;
  /** What the model will be told, and the conversation keeps. */
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
  providerData?: JsonObject;
}

/** Where an agent stands: plain data, so that it can be written down before a wait and picked up later. */
export interface AgentState {
  messages: LlmMessage[];
  /** Model calls begun. */
  step: number;
  /** Calls the model asked for that are not answered yet. */
  pendingToolCalls: PendingToolCall[];
  /** Names of the tools the model sees; absent for all. */
  toolNames?: readonly string[] | undefined;
  model?: string | undefined;
  temperature?: number | undefined;
  /** The last text of the model that was not empty. */
  content: string;
  usage: Usage | undefined;
  /** What the model call in progress, or the one that was cut short, has said. */
  partial: AnswerSoFar | undefined;
  /** Whether what {@link partial} cost is part of {@link usage} already. */
  isCounted?: boolean;
}

/** A new agent for one question. */
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

/** An answer that has nothing yet. */
export function startAnswer(origin: LlmOrigin): AnswerSoFar {
  return { text: new TextBuilder(), reasoning: new TextBuilder(), origin };
}

/** What was said in a step, as a message of the chat; `undefined` where nothing was. */
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

/** What came of a call, as a message of the chat. */
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
