import type { ByteSource, ResponseHead } from './byte-source.js';
import type { ChatClient } from './client.js';
import { malformed, UpstreamRefusal } from './failures.js';
import type { RequestAbort } from './request-abort.js';
import type { UpstreamResponse } from './exchange.js';
import type { FetchOptions } from './undici-transport.js';
import { UpstreamBody } from './upstream-body.js';
import { isWebStream, WebBody } from './web-body.js';

/** How {@link openChat} asks. */
export interface OpenChatOptions {
  readonly abort: RequestAbort;
  /** Until when the answer must have begun, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly maxRetries: number;
  /** Of every request, besides those the package sets. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends a streaming request and resolves to the body of the answer. The first attempt is made without the `openai`
 * package where its way of asking is known already; a failed one is handed to the package, which retries.
 */
export function openChat(
  chat: ChatClient,
  body: Readonly<Record<string, unknown>>,
  options: OpenChatOptions,
): Promise<ByteSource> {
  const { abort, deadline } = options;
  const attempt = chat.transport?.send(JSON.stringify(body), { signal: abort, deadline });
  if (attempt === undefined) return askPackage(chat, body, options, []);
  return attempt.then(
    (response) => (response.ok ? response.body : askPackage(chat, body, options, [attempt])),
    () => askPackage(chat, body, options, [attempt]),
  );
}

/** @param attempts - what was tried already */
async function askPackage(
  { client }: ChatClient,
  body: Readonly<Record<string, unknown>>,
  { abort, deadline, maxRetries, headers }: OpenChatOptions,
  attempts: Promise<UpstreamResponse>[],
): Promise<ByteSource> {
  const seen: { last?: UpstreamResponse } = {};
  const fetchOptions: FetchOptions = { deadline, attempts, seen };
  // Whoever reads the answer keeps the time; the package must not end an attempt before.
  const timeout = Math.max(0, Math.ceil(deadline - performance.now())) + 1_000;
  let response;
  try {
    response = await client.chat.completions
      .create(body, { signal: abort.signal, maxRetries, timeout, fetchOptions, headers })
      .asResponse();
  } catch (error) {
    throw refusalOf(error, seen.last?.textSoFar) ?? error;
  }
  if (response.body instanceof UpstreamBody) return response.body;
  if (isWebStream(response.body)) return new WebBody(response.body, headOf(response));
  throw malformed('The response has no body that can be read.');
}

/**
 * What the package makes of a refusal keeps little of any envelope but OpenAI's.
 * @param text - the body, where our own transport read it
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

/** A client of another make may give less than a `Response`. */
function headOf(response: object): ResponseHead | undefined {
  if (!('status' in response) || !('headers' in response)) return undefined;
  const { status, headers } = response;
  if (typeof status !== 'number' || !(headers instanceof Headers)) return undefined;
  return { status, contentType: headers.get('content-type') };
}
