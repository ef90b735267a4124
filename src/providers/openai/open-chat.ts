import type { ByteSource, ResponseHead } from './byte-source.js';
import type { ChatClient } from './client.js';
import { malformed, UpstreamRefusal } from './failures.js';
import type { Abort } from '../../runtime/abort.js';
import type { TraceContext } from '../../runtime/trace.js';
import type { UpstreamResponse } from './exchange.js';
import type { FetchOptions } from './undici-transport.js';
import { UpstreamBody } from './upstream-body.js';
import { isWebStream, WebBody } from './web-body.js';

/** Options of {@link openChat}. */
export interface OpenChatOptions {
  readonly abort: Abort;
  /** When the answer must have begun, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly maxRetries: number;
  /** Headers of every request, besides those that the package sets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as the headers of W3C Trace Context. */
  readonly trace: TraceContext | undefined;
}

/**
 * Sends a streaming request and resolves to the body of the answer. The first attempt bypasses the `openai` package if
 * its URL and headers are known already. A failed attempt is handed to the package, which retries.
 */
export function openChat(
  chat: ChatClient,
  body: Readonly<Record<string, unknown>>,
  options: OpenChatOptions,
): Promise<ByteSource> {
  const { abort, deadline, trace } = options;
  const attempt = chat.transport?.send(JSON.stringify(body), { signal: abort, deadline, trace });
  if (attempt === undefined) return askPackage(chat, body, options, []);
  return attempt.then(
    (response) => (response.ok ? response.body : askPackage(chat, body, options, [attempt])),
    () => askPackage(chat, body, options, [attempt]),
  );
}

/** @param attempts - attempts made already */
async function askPackage(
  { client, transport }: ChatClient,
  body: Readonly<Record<string, unknown>>,
  { abort, deadline, maxRetries, headers, trace }: OpenChatOptions,
  attempts: Promise<UpstreamResponse>[],
): Promise<ByteSource> {
  const seen: { last?: UpstreamResponse } = {};
  const fetchOptions: FetchOptions = { deadline, attempts, seen, trace };
  // The reader of the answer enforces the deadline; the package must not end an attempt earlier.
  const timeout = Math.max(0, Math.ceil(deadline - performance.now())) + 1_000;
  // A caller's own client has its own transport.
  const sent = transport === undefined ? { ...headers, ...trace } : headers;
  let response;
  try {
    response = await client.chat.completions
      .create(body, { signal: abort.signal, maxRetries, timeout, fetchOptions, headers: sent })
      .asResponse();
  } catch (error) {
    throw refusalOf(error, seen.last?.textSoFar) ?? error;
  }
  if (response.body instanceof UpstreamBody) return response.body;
  if (isWebStream(response.body)) return new WebBody(response.body, headOf(response));
  throw malformed('The response has no body that can be read.');
}

/**
 * Keeps the whole body of a refusal: the error of the package keeps little unless the body has OpenAI's form.
 * @param text - the body, if our own transport read it
 */
function refusalOf(error: unknown, text: string | undefined): UpstreamRefusal | undefined {
  const { status, headers, ...more } = (error ?? {}) as {
    readonly status?: unknown;
    readonly headers?: UpstreamRefusal['headers'];
    readonly error?: unknown;
    readonly message?: unknown;
  };
  if (typeof status !== 'number') return undefined;
  return new UpstreamRefusal(error, status, text ?? more.error ?? more.message, headers);
}

/** A caller's own client may return less than a `Response`. */
function headOf(response: object): ResponseHead | undefined {
  if (!('status' in response) || !('headers' in response)) return undefined;
  const { status, headers } = response;
  if (typeof status !== 'number' || !(headers instanceof Headers)) return undefined;
  return { status, contentType: headers.get('content-type') };
}
