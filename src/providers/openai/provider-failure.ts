import { AgentSocketError } from '../../errors/agent-socket-error.js';
import type { ResponseHead } from './byte-source.js';
import { redactError } from './redact.js';
import { retryAfterOf } from './retry-after.js';

/** What the errors of the `openai` package have, whatever copy or version made them. */
interface ApiErrorLike {
  readonly status?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly headers?: { get(name: string): string | null } | undefined;
}

/** The sentence for a status, and whether the same request can succeed later. */
const BY_STATUS: Readonly<Record<number, readonly [sentence: string, retryable: boolean]>> = {
  400: ['The model provider refused the request.', false],
  401: ['Authentication at the model provider failed.', false],
  402: ['The account at the model provider has no credit left.', false],
  403: ['The model provider does not permit this request.', false],
  404: ['The model provider does not know this model or address.', false],
  408: ['The model provider gave up on the request.', true],
  409: ['The model provider reported a conflict.', true],
  413: ['The request is too large for the model provider.', false],
  422: ['The model provider refused the request.', false],
};

/**
 * Turns whatever a request failed with into the error a client may read: a sentence of our own by cause.
 * The original goes into `cause`, without the key.
 * @param key - the key in use, where it is known
 */
export function providerFailure(error: unknown, key: string | undefined): AgentSocketError {
  if (AgentSocketError.isInstance(error)) return error;
  const cause = redactError(error, key);
  const { status, code, message, headers } = (error ?? {}) as ApiErrorLike;
  const text = typeof message === 'string' ? message : '';
  if (typeof status !== 'number') return connectionFailure(text, cause);
  const retryAfterMs = headers === undefined ? undefined : retryAfterOf(headers);
  if (code === 'insufficient_quota') {
    return new AgentSocketError('provider_error', 'The quota at the model provider is used up.', {
      cause,
      retryable: false,
    });
  }
  if (status === 429) {
    const sentence = 'The model provider asks to slow down.';
    return new AgentSocketError('provider_rate_limited', sentence, { cause, retryAfterMs });
  }
  if (
    code === 'context_length_exceeded' ||
    (status === 400 && /context (?:length|window)|too many tokens/i.test(text))
  ) {
    const sentence = 'The conversation is longer than the model can take.';
    return new AgentSocketError('provider_error', sentence, { cause, retryable: false });
  }
  const [sentence, retryable] = BY_STATUS[status] ?? ['The model provider failed.', status >= 500];
  return new AgentSocketError('provider_error', sentence, { cause, retryable, retryAfterMs });
}

/** An `error` inside a stream that had begun. */
export function inStreamFailure(error: unknown, key: string | undefined): AgentSocketError {
  const { message, code, type } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const text = typeof message === 'string' ? message : typeof error === 'string' ? error : 'no message';
  const cause = redactError(Object.assign(new Error(text), { code, type }), key);
  if (code === 429 || code === 'rate_limit_exceeded' || type === 'rate_limit_error') {
    return new AgentSocketError('provider_rate_limited', 'The model provider asks to slow down.', { cause });
  }
  return new AgentSocketError('provider_error', 'The model provider failed in the middle of its answer.', { cause });
}

/** The body broke off, or ended before the answer did. */
export function brokenStream(error: unknown, key: string | undefined): AgentSocketError {
  return new AgentSocketError('provider_error', 'The model provider ended in the middle of its answer.', {
    cause: error === undefined ? undefined : redactError(error, key),
  });
}

/** Whether a response says that it is a stream of events. */
export function isEventStream(head: ResponseHead): boolean {
  return mediaTypeOf(head) === 'text/event-stream';
}

/** A whole answer of another kind, such as the page of a proxy, or of an address that is not the API's. */
export function notAStream(head: ResponseHead): AgentSocketError {
  const type = mediaTypeOf(head);
  const named = type === undefined ? '' : ` (${type})`;
  return new AgentSocketError(
    'provider_error',
    `The model provider sent something that is not an event stream${named}.`,
    {
      cause: Object.assign(new Error('The response is not an event stream'), { status: head.status, code: type }),
      retryable: false,
    },
  );
}

/** The type without its parameters; `undefined` where it is none that can be shown. */
function mediaTypeOf({ contentType }: ResponseHead): string | undefined {
  return /^\s*([a-z0-9.+-]{1,30}\/[a-z0-9.+-]{1,60})\s*(?:;|$)/i.exec(contentType ?? '')?.[1]?.toLowerCase();
}

/** What arrived is not what the API promises. */
export function malformedStream(what: string): AgentSocketError {
  return new AgentSocketError('provider_error', 'The model provider sent something that cannot be read.', {
    cause: new Error(what),
  });
}

/** Nothing arrived for too long. */
export function timeoutFailure(begun: boolean): AgentSocketError {
  const sentence = begun
    ? 'The model provider stopped in the middle of its answer.'
    : 'The model provider did not answer in time.';
  return new AgentSocketError('provider_timeout', sentence);
}

function connectionFailure(text: string, cause: Error): AgentSocketError {
  // The package says so in its message and keeps no cause then.
  if (/timed? ?out/i.test(text)) {
    return new AgentSocketError('provider_timeout', 'The model provider did not answer in time.', { cause });
  }
  return new AgentSocketError('provider_error', 'The model provider cannot be reached.', { cause });
}
