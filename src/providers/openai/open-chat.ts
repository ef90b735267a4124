import type { ByteSource, ResponseHead } from './byte-source.js';
import type { ChatClient } from './client.js';
import { malformedStream } from './provider-failure.js';
import type { RequestAbort } from './request-abort.js';
import type { FetchOptions, UpstreamResponse } from './undici-transport.js';
import { UpstreamBody } from './upstream-body.js';
import { isWebStream, WebBody } from './web-body.js';

/** How {@link openChat} asks. */
export interface OpenChatOptions {
  readonly abort: RequestAbort;
  /** Until when the answer must have begun, on the clock of `performance.now()`. */
  readonly deadline: number;
  /** For one attempt, up to the headers of the response. */
  readonly timeoutMs: number;
  readonly maxRetries: number;
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
  const { abort, deadline, timeoutMs } = options;
  const attempt = chat.transport?.send(JSON.stringify(body), { signal: abort, deadline, timeoutMs });
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
  { abort, deadline, timeoutMs, maxRetries }: OpenChatOptions,
  attempts: Promise<UpstreamResponse>[],
): Promise<ByteSource> {
  const fetchOptions: FetchOptions = { deadline, attempts };
  const response = await client.chat.completions
    .create(body, { signal: abort.signal, maxRetries, timeout: timeoutMs, fetchOptions })
    .asResponse();
  if (response.body instanceof UpstreamBody) return response.body;
  if (isWebStream(response.body)) return new WebBody(response.body, headOf(response));
  throw malformedStream('The response has no body that can be read.');
}

/** A client of another make may give less than a `Response`. */
function headOf(response: object): ResponseHead | undefined {
  if (!('status' in response) || !('headers' in response)) return undefined;
  const { status, headers } = response;
  if (typeof status !== 'number' || !(headers instanceof Headers)) return undefined;
  return { status, contentType: headers.get('content-type') };
}
