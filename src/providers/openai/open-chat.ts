import type { ByteSource } from './byte-source.js';
import type { OpenAiClientLike } from './options.js';
import { malformedStream } from './provider-failure.js';
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

/** Sends a streaming request through the client, which retries, and resolves to the body of the answer. */
export async function openChat(
  client: OpenAiClientLike,
  body: Readonly<Record<string, unknown>>,
  { signal, deadline, timeoutMs, maxRetries }: OpenChatOptions,
): Promise<ByteSource> {
  const response = await client.chat.completions
    .create(body, { signal, maxRetries, timeout: timeoutMs, fetchOptions: { deadline } })
    .asResponse();
  if (response.body instanceof UpstreamBody) return response.body;
  if (isWebStream(response.body)) return new WebBody(response.body);
  throw malformedStream('The response has no body that can be read.');
}
