import { ToolsRefused } from '../../agent/tools-refused.js';
import { AgentSocketError, type AgentSocketErrorOptions } from '../../protocol/agent-socket-error.js';
import type { LlmMessage } from '../../agent/llm-provider.js';
import type { ErrorCode } from '../../protocol/error-codes.js';
import type { ResponseHead } from './byte-source.js';
import { causeOf, refusesTools } from './failure-cause.js';
import { redactError, redactor, type Redact } from './redact.js';
import { retryAfterOf, waitInWords } from './retry-after.js';
import { readUpstreamError, type UpstreamError } from './upstream-error.js';

/** A response that refuses the request, with its body. */
export class UpstreamRefusal extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: { get(name: string): string | null } | undefined;

  constructor(cause: unknown, status: number, body: unknown, headers: UpstreamRefusal['headers']) {
    super(`The model provider answered ${status}`, { cause });
    this.name = 'UpstreamRefusal';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Maximum length of the upstream's message in the operator's log. */
const MAX_DETAIL = 500;

/**
 * Turns every failure of a request into the error for clients: a sentence of this library for each cause. What the
 * upstream said goes into `detail` and `cause`, for the operator, without keys and without the question.
 */
export class Failures {
  readonly #redact: Redact;
  readonly #baseUrl: string | undefined;

  /**
   * @param keys - the secrets in use
   * @param messages - the conversation that is sent
   * @param baseUrl - the address of the server, if it is known
   */
  constructor(keys: readonly string[], messages: readonly LlmMessage[], baseUrl?: string) {
    this.#redact = redactor(keys, messages);
    this.#baseUrl = baseUrl;
  }

  /** The error for whatever sending or reading threw. */
  of(error: unknown): AgentSocketError {
    if (AgentSocketError.isInstance(error)) return error;
    if (error instanceof UpstreamRefusal) return this.#refusal(error);
    const { message } = (error ?? {}) as { readonly message?: unknown };
    // The package reports a timeout in its message only, without a cause.
    const isLate = typeof message === 'string' && /timed? ?out/i.test(message);
    const said = deepest(error);
    const options = { cause: redactError(error, this.#redact), detail: this.#detail(said) };
    if (said.startsWith('Proxy response (407)')) {
      const { code, sentence } = causeOf({ status: 407, codes: [], message: '' });
      return new AgentSocketError(code, sentence, options);
    }
    if (isLate) return new AgentSocketError('provider_timeout', 'The model provider did not answer in time.', options);
    return new AgentSocketError('provider_error', 'The model provider cannot be reached.', options);
  }

  /** An error sent in place of a piece of the answer. */
  inStream(sent: unknown): AgentSocketError {
    const error = readUpstreamError(sent);
    return this.#make(error, undefined, undefined);
  }

  /** A finish reason that means a failure. */
  finish(reason: string): AgentSocketError {
    return new AgentSocketError('provider_error', 'The model provider failed in the middle of its answer.', {
      detail: this.#detail(`finish_reason ${reason}`),
    });
  }

  /** The body broke off, or ended before the answer was complete. */
  broken(begun: boolean, error?: unknown): AgentSocketError {
    const when = begun ? 'in the middle of its answer' : 'before its answer began';
    return new AgentSocketError('provider_error', `The model provider ended ${when}.`, {
      ...(error !== undefined && { cause: redactError(error, this.#redact), detail: this.#detail(deepest(error)) }),
    });
  }

  /** The stream ended properly without any content. */
  empty(): AgentSocketError {
    return new AgentSocketError('provider_error', 'The model provider sent no answer.');
  }

  /**
   * A complete response of another kind, such as the page of a proxy or of a wrong address.
   * @param opening - the beginning of the body
   */
  notAStream(head: ResponseHead, opening: string): AgentSocketError {
    const type = mediaTypeOf(head);
    const named = type === undefined ? '' : ` (${type})`;
    return new AgentSocketError(
      'provider_refused',
      `The model provider sent something that is not an event stream${named}.`,
      {
        cause: Object.assign(new Error('The response is not an event stream'), { status: head.status, code: type }),
        detail: this.#detail(`${head.status} ${readUpstreamError(opening).message}${this.#hint()}`),
      },
    );
  }

  /** Nothing arrived in time. */
  timeout(begun: boolean): AgentSocketError {
    const sentence = begun
      ? 'The model provider stopped in the middle of its answer.'
      : 'The model provider did not answer in time.';
    return new AgentSocketError('provider_timeout', sentence);
  }

  #refusal({ cause, status, body, headers }: UpstreamRefusal): AgentSocketError {
    const error = readUpstreamError(body, status);
    const retryAfterMs = headers === undefined ? undefined : retryAfterOf(headers);
    if (status >= 300 && status < 400) return this.#redirect(status, headers?.get('location'), cause);
    const hint = status === 404 && !error.codes.some((code) => code.includes('model')) ? this.#hint() : '';
    return this.#make(error, retryAfterMs, cause, hint);
  }

  #redirect(status: number, location: string | null | undefined, cause: unknown): AgentSocketError {
    return new AgentSocketError('provider_refused', 'The model provider has moved to another address.', {
      cause: redactError(cause, this.#redact),
      detail: this.#detail(`${status}: a redirect to ${withoutQuery(location)}; set the base URL to where the API is`),
    });
  }

  #make(error: UpstreamError, retryAfterMs: number | undefined, cause: unknown, hint = ''): AgentSocketError {
    const { code, sentence } = causeOf(error);
    const { status, codes, message } = error;
    // Named codes are short words of the API; numeric codes only repeat the status.
    const named = codes.find((one) => /^[a-z][\w.-]*$/.test(one));
    const said = [status, named].filter((part) => part !== undefined).join(' ');
    const fields = { status, code: named };
    const options: AgentSocketErrorOptions = {
      cause:
        cause === undefined
          ? Object.assign(redactError(new Error(message), this.#redact), fields)
          : redactError(cause, this.#redact),
      detail: this.#detail(`${said}${said === '' || message === '' ? '' : ': '}${message}${hint}`),
      retryAfterMs: retryAfterMs ?? (isForNow(code) ? waitInWords(message) : undefined),
    };
    return refusesTools(error) ? new ToolsRefused(options) : new AgentSocketError(code, sentence, options);
  }

  /** The usual mistake if the server at an address is not the API: a missing `/v1`. */
  #hint(): string {
    if (this.#baseUrl === undefined) return '';
    const hint = /\/v\d[^/]*$|\/openai$/.test(this.#baseUrl) ? '' : `; does the base URL lack /v1 at its end?`;
    return ` (base URL ${this.#baseUrl}${hint})`;
  }

  #detail(text: string): string | undefined {
    const clean = this.#redact(text).trim();
    if (clean === '') return undefined;
    return clean.length > MAX_DETAIL ? `${clean.slice(0, MAX_DETAIL)}…` : clean;
  }
}

/** The error for a response that violates the API. */
export function malformed(what: string): AgentSocketError {
  return new AgentSocketError('provider_error', 'The model provider sent something that cannot be read.', {
    cause: new Error(what),
    detail: what,
  });
}

/** Whether the response has the content type of an event stream. */
export function isEventStream(head: ResponseHead): boolean {
  return mediaTypeOf(head) === 'text/event-stream';
}

/** The media type without parameters; `undefined` if it is missing or malformed. */
function mediaTypeOf({ contentType }: ResponseHead): string | undefined {
  return /^\s*([a-z0-9.+-]{1,30}\/[a-z0-9.+-]{1,60})\s*(?:;|$)/i.exec(contentType ?? '')?.[1]?.toLowerCase();
}

/** Whether an error is over after a while. */
function isForNow(code: ErrorCode): boolean {
  return code === 'provider_rate_limited' || code === 'provider_overloaded';
}

/** The innermost cause says the most: `connect ECONNREFUSED 127.0.0.1:11434`. */
function deepest(error: unknown): string {
  let inner = error;
  for (let depth = 0; depth < 4 && inner instanceof Error && inner.cause !== undefined; depth++) inner = inner.cause;
  if (!(inner instanceof Error)) return typeof inner === 'string' ? inner : '';
  const { code } = inner as { readonly code?: unknown };
  // Several addresses were tried, and each failed.
  const text = inner.message === '' && inner instanceof AggregateError ? String(inner.errors[0]) : inner.message;
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}

function withoutQuery(location: string | null | undefined): string {
  return location?.replace(/[?#].*$/s, '') ?? 'nowhere';
}
