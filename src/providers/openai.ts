import type { LlmProvider, LlmRequest } from '../agent/llm-provider.js';
import type { ByteSource } from './openai/byte-source.js';
import { chatRequest } from './openai/chat-request.js';
import { ChatStream } from './openai/chat-stream.js';
import { createClient, type ChatClient } from './openai/client.js';
import { resolveOptions, type OpenAiClientLike, type OpenAiProviderOptions } from './openai/options.js';
import { openChat } from './openai/open-chat.js';
import type { RequestAbort } from './openai/request-abort.js';

export type { OpenAiClientLike, OpenAiProviderOptions, OpenAiTimeouts } from './openai/options.js';

/**
 * A provider that speaks OpenAI's Chat Completions API, which every compatible server offers as well:
 * vLLM, Ollama, DeepSeek, Qwen, OpenRouter.
 *
 * Usage is asked for with `stream_options`. A server that refuses this field is asked again without it,
 * and not offered it a second time; its answers then tell no usage.
 *
 * The `openai` package is loaded by the first request, which takes that much longer (about 60 ms).
 * @throws OptionError where an option breaks its rule
 */
export function createOpenAiProvider(options: OpenAiProviderOptions): LlmProvider {
  const resolved = resolveOptions(options);
  const { connection, timeouts, maxRetries, model } = resolved;
  const key = 'client' in connection ? keyOf(connection.client) : connection.apiKey;
  let client: Promise<ChatClient> | undefined;
  let connected: ChatClient | undefined;
  let withUsage = true;

  function connect(): Promise<ChatClient> {
    client ??= (
      'client' in connection ? Promise.resolve(connection) : createClient(connection, timeouts.connectMs)
    ).then((made) => (connected = made));
    return client;
  }

  function open(request: LlmRequest, usage: boolean, abort: RequestAbort, deadline: number): Promise<ByteSource> {
    const body = chatRequest(request, resolved, usage);
    const options = { abort, deadline, timeoutMs: timeouts.firstTokenMs, maxRetries };
    // Waiting for what is there already would cost the first token a few turns.
    if (connected !== undefined) return openChat(connected, body, options);
    return connect().then((made) => openChat(made, body, options));
  }

  return {
    vendor: 'openai',
    model,
    stream: (request, { signal }) =>
      new ChatStream(
        {
          key,
          timeouts,
          open: async (abort, deadline) => {
            // Another request may learn of the refusal while this one waits.
            const asked = withUsage;
            try {
              return await open(request, asked, abort, deadline);
            } catch (error) {
              if (!asked || !refusesStreamOptions(error)) throw error;
              withUsage = false;
              return open(request, false, abort, deadline);
            }
          },
        },
        signal,
      ),
  };
}

function refusesStreamOptions(error: unknown): boolean {
  const { status, message } = (error ?? {}) as { readonly status?: unknown; readonly message?: unknown };
  return (status === 400 || status === 422) && typeof message === 'string' && message.includes('stream_options');
}

/** The key inside a caller's own client, where it shows. It is only kept out of logs. */
function keyOf(client: OpenAiClientLike): string | undefined {
  const { apiKey } = client as { readonly apiKey?: unknown };
  return typeof apiKey === 'string' ? apiKey : undefined;
}
