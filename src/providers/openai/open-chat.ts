import type { ByteSource } from './byte-source.js';
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
  if (isWebStream(response.body)) return new WebBody(response.body);
  throw malformedStream('The response has no body that can be read.');
}
