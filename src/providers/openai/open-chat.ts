import type { ByteSource } from './byte-source.js';
import type { ChatClient } from './client.js';
import { malformedStream } from './provider-failure.js';
import type { FetchOptions } from './undici-transport.js';
import { UpstreamBody } from './upstream-body.js';
import { isWebStream, WebBody } from './web-body.js';

/** How {@link openChat} asks. */
export interface OpenChatOptions {
  readonly signal: AbortSignal;
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
export async function openChat(
  { client, transport }: ChatClient,
  body: Readonly<Record<string, unknown>>,
  { signal, deadline, timeoutMs, maxRetries }: OpenChatOptions,
): Promise<ByteSource> {
  const attempt = transport?.send(JSON.stringify(body), { signal, deadline, timeoutMs });
  if (attempt !== undefined) {
    const response = await attempt.catch(() => undefined);
    if (response?.ok === true) return response.body;
  }
  const fetchOptions: FetchOptions = { deadline, attempts: attempt === undefined ? [] : [attempt] };
  const response = await client.chat.completions
    .create(body, { signal, maxRetries, timeout: timeoutMs, fetchOptions })
    .asResponse();
  if (response.body instanceof UpstreamBody) return response.body;
  if (isWebStream(response.body)) return new WebBody(response.body);
  throw malformedStream('The response has no body that can be read.');
}
