import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gate } from './gate.js';

/** The body of a request to `/chat/completions`, as far as tests look at it. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content: string | null;
    readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: string } }[];
    readonly tool_call_id?: string;
  }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly temperature?: number;
  readonly [field: string]: unknown;
}

/** A tool call the model makes. */
export interface ScriptedToolCall {
  readonly name: string;
  /** The JSON text of the params, broken where the test wants it broken. */
  readonly arguments: string;
  /** `null` leaves it out. @default call_1, call_2 … */
  readonly id?: string | null;
  /** `null` leaves it out. @default its place in the list */
  readonly index?: number | null;
}

/** A streamed answer. Everything is optional: `{}` is an empty answer. */
export interface ChatScript {
  /** Text the model thinks aloud first, one event each. */
  readonly reasoning?: readonly string[];
  /** Which field carries it. @default 'reasoning_content' */
  readonly reasoningField?: 'reasoning_content' | 'reasoning';
  /** The answer, one event each. */
  readonly tokens?: readonly string[];
  /** The refusal, one event each. */
  readonly refusal?: readonly string[];
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Characters of the arguments per event, the calls taking turns; 0 sends every call whole, all in one event. @default 8 */
  readonly toolCallPiece?: number;
  /** @default 'tool_calls' where there are any, otherwise 'stop' */
  readonly finishReason?: string;
  /** `false` never tells it. @default told where the request asked, with the number of events as output */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | false;
  /** Awaited before every event that carries text or a piece of a call. */
  readonly gate?: Gate;
  /** A pause before each of these events instead of a gate, for programs that are watched rather than tested. */
  readonly delayMs?: number;
  /**
   * How it ends. `done`: as it should. `no-done`: without `[DONE]`. `cut`: the body ends before the finish reason.
   * `reset`: the connection is reset there. `stall`: nothing more comes. `error`: an `error` event comes.
   * `malformed`: an event with broken JSON comes.
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

/** An answer without a stream: an error, mostly. */
export interface HttpScript {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or what becomes JSON. */
  readonly body?: unknown;
}

/** No answer: none ever, the connection reset at once, or whatever the function does. */
export interface RawScript {
  readonly raw: 'silence' | 'reset' | ((request: IncomingMessage, response: ServerResponse) => void | Promise<void>);
}

/** What the upstream does with one request. */
export type Script = ChatScript | HttpScript | RawScript;

/** Answers that several tests use. */
export const scripts = {
  /** 401 whose body quotes the key, as some servers do. */
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
  /** 500 that asks to come back at once, so that a retry costs the test no time. */
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
