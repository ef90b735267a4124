import type { ErrorCode } from '../protocol/error-codes.js';
import type { FinishReason } from '../protocol/server-messages.js';
import type { LlmAttachmentType } from '../store/conversation-store.js';
import type { LlmOrigin } from '../store/llm-origin.js';
import type { Asker } from '../tool/asker.js';
import type { JsonObject, LlmTool, LlmToolCall } from '../tool/llm-tool.js';

/** An image or another file of a question: its bytes, or an address that the model's server fetches. */
export interface LlmAttachment {
  /** The id of the attachment in its conversation; absent outside of conversations. */
  readonly id?: string | undefined;
  readonly type: LlmAttachmentType;
  /** The media type, such as `image/png`. */
  readonly mediaType: string;
  readonly name?: string | undefined;
  /** The bytes, in base64. */
  readonly data?: string | undefined;
  /** An `https:` address; never fetched by this server. Either `data` or `url` is present. */
  readonly url?: string | undefined;
}

/** What a model answered in one step. */
export interface LlmAssistantMessage {
  readonly role: 'assistant';
  readonly content: string;
  /** The reasoning of the model. */
  readonly reasoning?: string | undefined;
  readonly toolCalls?: readonly LlmToolCall[];
  /** The model that made the message. */
  readonly origin?: LlmOrigin | undefined;
  /** Data that the provider gets back with this message: see {@link LlmProvider}. */
  readonly providerData?: JsonObject | undefined;
}

/** The result of a tool call. */
export interface LlmToolMessage {
  readonly role: 'tool';
  /** The id of the call. */
  readonly toolCallId: string;
  readonly toolName: string;
  /** JSON: the result, or `{"error": …}`. */
  readonly content: string;
  /** Why the call failed. */
  readonly error?: { readonly code: ErrorCode; readonly message: string } | undefined;
  /** What the tool reported while it worked: shown to people, not to the model. */
  readonly data?: readonly unknown[] | undefined;
}

/** One message of the chat that a provider gets. */
export type LlmMessage =
  | { readonly role: 'system'; readonly content: string }
  | {
      readonly role: 'user';
      readonly content: string;
      /** Only of kinds in {@link LlmProvider.accepts}. */
      readonly attachments?: readonly LlmAttachment[] | undefined;
    }
  | LlmAssistantMessage
  | LlmToolMessage;

/** One model call, which is one step of a run. */
export interface LlmRequest {
  readonly messages: readonly LlmMessage[];
  /** The tools the model may call; empty for none. */
  readonly tools: readonly LlmTool[];
  /** `none` if the model may call no tools. The tools are listed all the same, since the chat holds calls of them. */
  readonly toolChoice?: 'none' | undefined;
  /** The model the client chose, if the operator allows it; otherwise the provider's default. */
  readonly model?: string | undefined;
  /** The temperature the client chose, if the operator allows it; otherwise the provider's default. */
  readonly temperature?: number | undefined;
}

/**
 * One element of a model's output. A stream has any number of `text-delta`, `reasoning-delta`, `tool-call` and
 * `provider-data`, at any point `usage` (the last one counts), and one `finish` at the end. A stream that ends without
 * `finish` counts as finished with reason `tool_calls` if it held a call, otherwise with `stop`. Elements of an unknown `type`
 * are left out, which is logged once; an element that is wrong in another way fails the run with `provider_error`.
 */
export type LlmPart =
  | { readonly type: 'text-delta'; readonly text: string }
  | { readonly type: 'reasoning-delta'; readonly text: string }
  | ({ readonly type: 'tool-call' } & LlmToolCall)
  | {
      /**
       * Data that the provider gets back with the message of this step. Fields of several such parts are merged; the
       * last value of a field counts.
       */
      readonly type: 'provider-data';
      /** At most 64 KiB of JSON: larger data is dropped and reported in the log. */
      readonly data: JsonObject;
    }
  | {
      readonly type: 'usage';
      readonly inputTokens: number;
      readonly outputTokens: number;
      /** Input tokens that came from the provider's cache. */
      readonly cachedInputTokens?: number | undefined;
      /** Output tokens that were reasoning. */
      readonly reasoningTokens?: number | undefined;
      /** `true` if the numbers are an estimate. */
      readonly estimated?: boolean | undefined;
    }
  | {
      readonly type: 'finish';
      /** Why the model stopped, as a finish reason of the protocol: any other counts as `other`. */
      readonly reason: FinishReason;
      /** Why the model stopped, in the provider's words. */
      readonly raw?: string | undefined;
    };

/** What comes with a request. */
export interface LlmStreamOptions extends Asker {
  /** Aborts when the run is cancelled. The provider then stops the upstream request and ends or throws. */
  readonly signal: AbortSignal;
}

/**
 * The model behind a run. A plain object with an `async *stream()` is enough.
 *
 * `stream` may throw, and so may its iterator: an `AgentSocketError` reaches the client with its code and message, any
 * other error as `provider_error` without its text. If the consumer stops early, it calls the iterator's `return()`, as
 * `for await` does; the upstream request must end then, too.
 *
 * Some model servers require data with the next request that is neither text nor a call, such as signatures and
 * encrypted reasoning. A provider puts such data as `providerData` on a `tool-call` part, or into a `provider-data`
 * part. It finds the data, unchanged, on the messages of later requests to the same vendor, server and model, and never
 * on those to another.
 */
export interface LlmProvider {
  /** Name of the vendor: `vendor` in `agent_response` and `stream_start`. */
  readonly vendor: string;
  /**
   * Where the models run, such as the host of their API: data of a model is not sent to a model of the same name that
   * runs elsewhere. The name stays on the server, with the answers.
   * @default the vendor alone tells models apart
   */
  readonly server?: string | undefined;
  /** The model if a request names none: `model` on the wire. */
  readonly model?: string | undefined;
  /**
   * The kinds of attachments the model accepts. A question with another kind is refused with `unsupported_content`
   * before the provider is called.
   * @default []
   */
  readonly accepts?: readonly LlmAttachmentType[] | undefined;
  /**
   * Starts one model call. An element may be an array of parts that arrived together, which costs one turn of the event
   * loop instead of one per part.
   */
  stream(request: LlmRequest, options: LlmStreamOptions): AsyncIterable<LlmPart | readonly LlmPart[]>;
}
