import type { LlmProvider, LlmRequest } from '../agent/llm-provider.js';
import type { ByteSource } from './openai/byte-source.js';
import { chatRequest } from './openai/chat-request.js';
import { ChatStream } from './openai/chat-stream.js';
import { createClient, type ChatClient } from './openai/client.js';
import { Failures, UpstreamRefusal } from './openai/failures.js';
import { resolveOptions, type OpenAiClientLike, type OpenAiProviderOptions } from './openai/options.js';
import { openChat } from './openai/open-chat.js';
import type { RequestAbort } from './openai/request-abort.js';

export type { OpenAiClientLike, OpenAiProviderOptions } from './openai/options.js';

/**
 * A provider that speaks OpenAI's Chat Completions API, which every compatible server offers as well:
 * vLLM, Ollama, DeepSeek, Qwen, OpenRouter.
 *
 * Usage is asked for with `stream_options`. A server that refuses this field is asked again without it,
 * and not offered it a second time; its answers then tell no usage.
 *
 * What the server refuses is told to clients by cause and in words of our own; its own words are the `detail` of the
 * error, for the operator's log, without keys and without anything that was said in the conversation.
 *
 * The `openai` package is loaded by the first request, which takes that much longer (about 60 ms).
 * @throws OptionError where an option breaks its rule
 */
export function createOpenAiProvider(options: OpenAiProviderOptions): LlmProvider {
  const resolved = resolveOptions(options);
  const { connection, firstTokenTimeoutMs, tokenTimeoutMs, maxRetries, extraHeaders, model, accepts } = resolved;
  const keys = [keyOf(connection), ...Object.values(extraHeaders)].filter((key) => key !== undefined);
  const baseUrl = 'client' in connection ? undefined : connection.baseUrl;
  let client: Promise<ChatClient> | undefined;
  let connected: ChatClient | undefined;
  let withUsage = true;

  function connect(): Promise<ChatClient> {
    client ??= (
      'client' in connection ? Promise.resolve(connection) : createClient(connection, resolved.connectTimeoutMs)
    ).then(
      (made) => (connected = made),
      (error: unknown) => {
        client = undefined;
        throw error;
      },
    );
    return client;
  }

  function open(request: LlmRequest, usage: boolean, abort: RequestAbort, deadline: number): Promise<ByteSource> {
    const body = chatRequest(request, resolved, usage);
    const how = { abort, deadline, maxRetries, headers: extraHeaders };
    // Waiting for what is there already would cost the first token a few turns.
    if (connected !== undefined) return openChat(connected, body, how);
    return connect().then((made) => openChat(made, body, how));
  }

  async function openWithUsage(request: LlmRequest, abort: RequestAbort, deadline: number): Promise<ByteSource> {
    // Another request may learn of the refusal while this one waits.
    const asked = withUsage;
    try {
      return await open(request, asked, abort, deadline);
    } catch (error) {
      if (!asked || !refusesStreamOptions(error)) throw error;
      const source = await open(request, false, abort, deadline);
      withUsage = false;
      return source;
    }
  }

  return {
    vendor: 'openai',
    server: serverOf(connection),
    model,
    accepts,
    stream: (request, { signal }) =>
      new ChatStream(
        {
          failures: new Failures(keys, request.messages, baseUrl),
          firstTokenTimeoutMs,
          tokenTimeoutMs,
          open: (abort, deadline) => openWithUsage(request, abort, deadline),
        },
        signal,
      ),
  };
}

/** In the words of whatever framework the server is made with, the name of the field is there. */
function refusesStreamOptions(error: unknown): boolean {
  if (!(error instanceof UpstreamRefusal) || (error.status !== 400 && error.status !== 422)) return false;
  const body = typeof error.body === 'string' ? error.body : JSON.stringify([error.body]);
  return /stream_options|include_usage/.test(body);
}

/** The host of the API, also of a caller's own client, where it shows. */
function serverOf(
  connection: { readonly baseUrl?: string } | { readonly client: OpenAiClientLike },
): string | undefined {
  const { baseURL } = ('client' in connection ? connection.client : { baseURL: connection.baseUrl }) as {
    readonly baseURL?: unknown;
  };
  return typeof baseURL === 'string' && URL.canParse(baseURL) ? new URL(baseURL).host : undefined;
}

/** The key, also inside a caller's own client, where it shows. It is only kept out of logs. */
function keyOf(connection: { readonly apiKey?: string } | { readonly client: OpenAiClientLike }): string | undefined {
  const { apiKey } = ('client' in connection ? connection.client : connection) as { readonly apiKey?: unknown };
  return typeof apiKey === 'string' ? apiKey : undefined;
}
