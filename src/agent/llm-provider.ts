import type { ErrorCode } from '../protocol/error-codes.js';
import type { FinishReason } from '../protocol/server-messages.js';
import type { LlmAttachmentType } from '../store/conversation-store.js';
import type { LlmOrigin } from '../store/llm-origin.js';
import type { Asker } from '../tool/asker.js';
import type { JsonObject, LlmTool, LlmToolCall } from '../tool/llm-tool.js';

/** An image or another file of a question: its bytes, or an address that the model's server fetches. */
export interface LlmAttachment {
  /** Under which its conversation keeps it; absent where it belongs to none. */
  readonly id?: string | undefined;
  readonly type: LlmAttachmentType;
  /** The media type, such as `image/png`. */
  readonly mediaType: string;
  readonly name?: string | undefined;
  /** The bytes, in base64. */
  readonly data?: string | undefined;
  /** `https:` address; never fetched by this server. Either `data` or `url` is there. */
  readonly url?: string | undefined;
}

/** What a model answered in one step. */
export interface LlmAssistantMessage {
  readonly role: 'assistant';
  readonly content: string;
  /** What it thought aloud. */
  readonly reasoning?: string | undefined;
  readonly toolCalls?: readonly LlmToolCall[];
  /** Which model made it. */
  readonly origin?: LlmOrigin | undefined;
  /** What the provider wants back with this message: see {@link LlmProvider}. */
  readonly providerData?: JsonObject | undefined;
}

/** What a tool answered. */
export interface LlmToolMessage {
  readonly role: 'tool';
  /** The call it answers. */
  readonly toolCallId: string;
  readonly toolName: string;
  /** JSON: the result, or `{"error": …}`. */
  readonly content: string;
  /** Why the call failed. */
  readonly error?: { readonly code: ErrorCode; readonly message: string } | undefined;
  /** What the tool reported while it worked: for people, not for the model. */
  readonly data?: readonly unknown[] | undefined;
}

/** One message of the chat a provider is asked to go on with. */
export type LlmMessage =
  | { readonly role: 'system'; readonly content: string }
  | {
      readonly role: 'user';
      readonly content: string;
      /** Only of kinds that the provider {@link LlmProvider.accepts}. */
      readonly attachments?: readonly LlmAttachment[] | undefined;
    }
  | LlmAssistantMessage
  | LlmToolMessage;

/** What a provider is asked: one model call, which is one step of a run. */
export interface LlmRequest {
  readonly messages: readonly LlmMessage[];
  /** The tools the model may call; empty for none. */
  readonly tools: readonly LlmTool[];
  /** `none` where the model may call none of them: they are told since the chat holds calls of theirs. */
  readonly toolChoice?: 'none' | undefined;
  /** The model the client chose, where the operator lets it; otherwise the provider's own. */
  readonly model?: string | undefined;
  /** The temperature the client chose, where the operator lets it; otherwise the provider's own. */
  readonly temperature?: number | undefined;
}

/**
 * One element of a model's output. A stream is any number of `text-delta`, `reasoning-delta`, `tool-call` and
 * `provider-data`, at any point `usage` (the last one counts), and one `finish` at the end. A stream that ends without
 * `finish` counts as finished with reason `stop`, or `tool_calls` where it held one.
 */
export type LlmPart =
  | { readonly type: 'text-delta'; readonly text: string }
  | { readonly type: 'reasoning-delta'; readonly text: string }
  | ({ readonly type: 'tool-call' } & LlmToolCall)
  | {
      /**
       * What the provider wants back with the message this step makes. Fields of several such parts are put together; of
       * the same field the last one counts.
       */
      readonly type: 'provider-data';
      /** At most 64 KiB of JSON: a larger one is dropped and told in the log. */
      readonly data: JsonObject;
    }
  | {
      readonly type: 'usage';
      readonly inputTokens: number;
      readonly outputTokens: number;
      /** Of the input tokens, those that were cached. */
      readonly cachedInputTokens?: number | undefined;
      /** Of the output tokens, those that were reasoning. */
      readonly reasoningTokens?: number | undefined;
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
export interface LlmStreamOptions extends Asker {
  /** Aborts when the run is cancelled. The provider then stops the upstream request and ends or throws. */
  readonly signal: AbortSignal;
}

/**
 * The model behind a run. A plain object with an `async *stream()` is enough.
 *
 * `stream` may throw, or its iterator may: an `AgentSocketError` reaches the client with its code and
 * message, anything else as `provider_error` without its text. Where the consumer stops early it calls the
 * iterator's `return()`, as `for await` does, and the upstream request must end then too.
 *
 * Some model servers want something back with the next request that is neither text nor a call: signatures, encrypted
 * reasoning. A provider puts it as `providerData` on a `tool-call` part, or into a `provider-data` part; it finds it again,
 * unchanged, on the messages of later requests of the same vendor, server and model, and never on those of another.
 */
export interface LlmProvider {
  /** Who answers: `vendor` in `agent_response` and `stream_start`. */
  readonly vendor: string;
  /**
   * Where its models run, such as the host of their API: models of one name that run elsewhere may not know what these want
   * back. It stays on the server, with the answers.
   * @default the vendor alone tells models apart
   */
  readonly server?: string | undefined;
  /** The model used unless a request names one: `model` on the wire. */
  readonly model?: string | undefined;
  /**
   * The kinds of attachments it takes; a question with another kind is refused with `unsupported_content` before
   * it is asked.
   * @default []
   */
  readonly accepts?: readonly LlmAttachmentType[] | undefined;
  /**
   * Starts one model call. An element may be an array of parts that arrived together:
   * it costs one turn of the event loop instead of one each.
   */
  stream(request: LlmRequest, options: LlmStreamOptions): AsyncIterable<LlmPart | readonly LlmPart[]>;
}
