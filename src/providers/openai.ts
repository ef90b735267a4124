import type { LlmProvider, LlmRequest } from '../agent/llm-provider.js';
import type { ByteSource } from './openai/byte-source.js';
import type { Learned } from './openai/chat-decoder.js';
import { chatRequest } from './openai/chat-request.js';
import { ChatStream, type ChatUpstream } from './openai/chat-stream.js';
import { createClient, type ChatClient } from './openai/client.js';
import { Failures } from './openai/failures.js';
import { resolveOptions, type OpenAiClientLike, type OpenAiProviderOptions } from './openai/options.js';
import { openChat, type OpenChatOptions } from './openai/open-chat.js';
import { otherForm, RequestForms, type RequestForm } from './openai/request-form.js';
import { leanStreams } from '../agent/lean-stream.js';
import type { AbortSource } from '../runtime/abort.js';
import type { TraceContext } from '../runtime/trace.js';

export type { OpenAiClientLike, OpenAiProviderOptions } from './openai/options.js';

/**
 * A provider for OpenAI's Chat Completions API and for every compatible server, such as vLLM, Ollama, DeepSeek, Qwen
 * and OpenRouter.
 *
 * Requests ask for usage with `stream_options`. If a server refuses this field, the request is sent again without it,
 * and so are all later requests; their answers have no usage. If a server asks for the reasoning of earlier answers, the
 * request is sent again with `reasoning_content` on every message of an assistant, and so are all later requests to this
 * model.
 *
 * Clients are told of a failure by its cause, in this library's words. The server's words are the `detail` of the
 * error, for the operator's log, without keys and without content of the conversation.
 *
 * The `openai` package is loaded right after this call, which takes about 60 ms of CPU; a request that comes earlier waits.
 * @throws OptionError if an option breaks its rule
 */
export function createOpenAiProvider(options: OpenAiProviderOptions): LlmProvider {
  const resolved = resolveOptions(options);
  const { connection, firstTokenTimeoutMs, tokenTimeoutMs, maxRetries, extraHeaders, model, accepts } = resolved;
  const keys = [keyOf(connection), ...Object.values(extraHeaders)].filter((key) => key !== undefined);
  const baseUrl = 'client' in connection ? undefined : connection.baseUrl;
  let client: Promise<ChatClient> | undefined;
  let connected: ChatClient | undefined;
  const forms = new RequestForms();
  const learned: Learned = {};

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

  // Ahead of the first request. If it fails, the first request tries again and reports the error.
  connect().catch(() => undefined);

  function open({ request, trace, ...how }: Asked, form: RequestForm): Promise<ByteSource> {
    const body = chatRequest(request, resolved, form);
    const options = { ...how, headers: extraHeaders, trace };
    // An `await` of the loaded package would delay the first token by a few turns of the event loop.
    if (connected !== undefined) return openChat(connected, body, options);
    return connect().then((made) => openChat(made, body, options));
  }

  async function openInForm(asked: Asked): Promise<ByteSource> {
    const name = asked.request.model ?? model;
    let form = forms.of(name);
    for (let isUsual = true; ; isUsual = false) {
      try {
        const source = await open(asked, form);
        if (!isUsual) forms.learn(name, form);
        return source;
      } catch (error) {
        const other = otherForm(form, error);
        if (other === undefined) throw error;
        form = other;
      }
    }
  }

  function chatStream(request: LlmRequest, trace: TraceContext | undefined, abort: AbortSource): ChatStream {
    const upstream: ChatUpstream = {
      failures: new Failures(keys, request.messages, baseUrl),
      learned,
      firstTokenTimeoutMs,
      tokenTimeoutMs,
      maxRetries,
      open: (own, deadline, retries) => openInForm({ request, trace, abort: own, deadline, maxRetries: retries }),
    };
    return new ChatStream(upstream, abort);
  }

  const stream: LlmProvider['stream'] = (request, { signal, trace }) => chatStream(request, trace, signal);
  leanStreams.set(stream, (request, { abort, take, trace }) => chatStream(request, trace, abort).forEach(take));

  return {
    vendor: 'openai',
    server: serverOf(connection),
    model,
    accepts,
    stream,
  };
}

/** A request, and how it is sent. */
interface Asked extends Omit<OpenChatOptions, 'headers'> {
  readonly request: LlmRequest;
}

/** The host of the API; also read from a caller's own client, if the client shows it. */
function serverOf(
  connection: { readonly baseUrl?: string } | { readonly client: OpenAiClientLike },
): string | undefined {
  const { baseURL } = ('client' in connection ? connection.client : { baseURL: connection.baseUrl }) as {
    readonly baseURL?: unknown;
  };
  return typeof baseURL === 'string' && URL.canParse(baseURL) ? new URL(baseURL).host : undefined;
}

/**
 * The key; also read from a caller's own client, if the client shows it. The key is used only to keep it out of logs.
 */
function keyOf(connection: { readonly apiKey?: string } | { readonly client: OpenAiClientLike }): string | undefined {
  const { apiKey } = ('client' in connection ? connection.client : connection) as { readonly apiKey?: unknown };
  return typeof apiKey === 'string' ? apiKey : undefined;
}
