import type { FinishReason } from '../protocol/server-messages.js';

/** A JSON Schema object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A tool call as a model wrote it. */
export interface LlmToolCall {
  /** The provider's id of the call, unique within the answer. */
  readonly id: string;
  /** The tool. */
  readonly name: string;
  /** The arguments as JSON text, exactly as the model wrote them: they may be broken. */
  readonly arguments: string;
}

/** One message of the chat a provider is asked to go on with. */
export type LlmMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly LlmToolCall[] }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly toolName: string; readonly content: string };

/** A tool as a model sees it. */
export interface LlmTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the params. */
  readonly parameters: JsonSchema;
}

/** What a provider is asked: one model call, which is one step of a run. */
export interface LlmRequest {
  readonly messages: readonly LlmMessage[];
  /** The tools the model may call; empty for none. */
  readonly tools: readonly LlmTool[];
  /** The model the client chose, where the operator lets it; otherwise the provider's own. */
  readonly model?: string | undefined;
  /** The temperature the client chose, where the operator lets it; otherwise the provider's own. */
  readonly temperature?: number | undefined;
}

/**
 * One element of a model's output. A stream is any number of `text-delta`, `reasoning-delta` and `tool-call`,
 * at any point `usage` (the last one counts), and one `finish` at the end. A stream that ends without
 * `finish` counts as finished with reason `stop`, or `tool_calls` where it held one.
 */
export type LlmPart =
  | { readonly type: 'text-delta'; readonly text: string }
  | { readonly type: 'reasoning-delta'; readonly text: string }
  | ({ readonly type: 'tool-call' } & LlmToolCall)
  | {
      readonly type: 'usage';
      readonly inputTokens: number;
      readonly outputTokens: number;
      /** `true` where the numbers are a guess. */
      readonly estimated?: boolean | undefined;
    }
  | {
      readonly type: 'finish';
      /** Why the model stopped, in the protocol's words. */
      readonly reason: FinishReason;
      /** The same as the provider says it. */
      readonly raw?: string | undefined;
    };

/** What goes with a request. */
export interface LlmStreamOptions {
  /** Aborts when the run is cancelled. The provider then stops the upstream request and ends or throws. */
  readonly signal: AbortSignal;
}

/**
 * The model behind a run. A plain object with an `async *stream()` is enough.
 *
 * `stream` may throw, or its iterator may: an `AgentSocketError` reaches the client with its code and
 * message, anything else as `provider_error` without its text. Where the consumer stops early it calls the
 * iterator's `return()`, as `for await` does, and the upstream request must end then too.
 */
export interface LlmProvider {
  /** Who answers: `vendor` in `agent_response` and `stream_start`. */
  readonly vendor: string;
  /** The model used unless a request names one: `model` on the wire. */
  readonly model?: string | undefined;
  /**
   * Starts one model call. An element may be an array of parts that arrived together:
   * it costs one turn of the event loop instead of one each.
   */
  stream(request: LlmRequest, options: LlmStreamOptions): AsyncIterable<LlmPart | readonly LlmPart[]>;
}
