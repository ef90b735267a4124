import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gate } from './gate.js';

/** The part of the body of a request to `/chat/completions` that tests read. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content: string | null;
    readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: string } }[];
    readonly tool_call_id?: string;
    readonly [field: string]: unknown;
  }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly temperature?: number;
  readonly [field: string]: unknown;
}

/** A tool call of the model. */
export interface ScriptedToolCall {
  readonly name: string;
  /** The params as JSON text, which may be invalid. */
  readonly arguments: string;
  /** Id of the call; `null` omits it. @default call_1, call_2 … */
  readonly id?: string | null;
  /** Index of the call; `null` omits it. @default its position in the list */
  readonly index?: number | null;
}

/** A streamed answer. All fields are optional: `{}` is an empty answer. */
export interface ChatScript {
  /** The reasoning, one event for each text. */
  readonly reasoning?: readonly string[];
  /** The field of the reasoning. @default 'reasoning_content' */
  readonly reasoningField?: 'reasoning_content' | 'reasoning';
  /** The answer, one event for each text. */
  readonly tokens?: readonly string[];
  /** The refusal, one event for each text. */
  readonly refusal?: readonly string[];
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Characters of arguments per event, alternating between the calls; 0 sends all calls in one event. @default 8 */
  readonly toolCallPiece?: number;
  /** @default 'tool_calls' if there are any, otherwise 'stop' */
  readonly finishReason?: string;
  /** Usage; `false` omits it. @default sent if the request asks for it, with the number of events as output */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | false;
  /** Awaited before every event that carries text or a piece of a call. */
  readonly gate?: Gate;
  /** A pause before each of these events instead of a gate, for programs that people watch. */
  readonly delayMs?: number;
  /**
   * How the answer ends. `done`: normally. `no-done`: without `[DONE]`. `cut`: the body ends before the finish reason.
   * `reset`: the connection is reset. `stall`: nothing more comes. `error`: an `error` event comes. `malformed`: an
   * event with invalid JSON comes.
   * @default 'done'
   */
  readonly end?: 'done' | 'no-done' | 'cut' | 'reset' | 'stall' | 'error' | 'malformed';
  /** One packet per event, per byte, or one for all. @default 'event' */
  readonly packets?: 'event' | 'byte' | 'whole';
  /** @default '\n' */
  readonly lineEnd?: '\n' | '\r\n' | '\r';
  /** Random padding as OpenAI adds it. @default false */
  readonly padding?: boolean;
}

/** An answer that does not stream, usually an error. */
export interface HttpScript {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or a value that is sent as JSON. */
  readonly body?: unknown;
}

/** No answer: never any, a reset connection, or whatever the function does. */
export interface RawScript {
  readonly raw: 'silence' | 'reset' | ((request: IncomingMessage, response: ServerResponse) => void | Promise<void>);
}

/** The script for one request. */
export type Script = ChatScript | HttpScript | RawScript;

/** Answers that several tests use. */
export const scripts = {
  /** A 401 whose body quotes the key, as some servers send it. */
  unauthorized: (key: string): HttpScript => ({
    status: 401,
    body: {
      error: { message: `Incorrect API key provided: ${key}.`, type: 'invalid_request_error', code: 'invalid_api_key' },
    },
  }),
  rateLimited: (retryAfterSeconds?: number): HttpScript => ({
    status: 429,
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
    body: { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } },
  }),
  /** A 500 that asks to retry at once, so that a retry costs the test no time. */
  brokenOnce: (): HttpScript => ({
    status: 500,
    headers: { 'retry-after-ms': '1' },
    body: { error: { message: 'The server had an error', type: 'server_error' } },
  }),
  /** The last message of the user, word by word. */
  echo: (body: ChatBody): ChatScript => {
    const asked = body.messages.findLast(({ role }) => role === 'user')?.content ?? '';
    return { tokens: `You said: ${asked}`.split(/(?<= )/) };
  },
} as const;
