import type { Dispatcher } from 'undici';
import { Decompression } from './decompression.js';
import type { AbortSource } from '../../runtime/abort.js';
import type { TraceContext } from '../../runtime/trace.js';
import { retryAfterOf } from './retry-after.js';
import { UpstreamBody } from './upstream-body.js';
import { UpstreamHeaders } from './upstream-headers.js';

/** The longest `Retry-After` that the package obeys; it replaces a longer one by its own, shorter wait. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Options of an {@link Exchange}. */
export interface ExchangeOptions {
  readonly signal?: AbortSource | null;
  /** When the caller stops waiting for output, on the clock of `performance.now()`. */
  readonly deadline?: number;
  /** Sent as the headers of W3C Trace Context. */
  readonly trace?: TraceContext | undefined;
}

/** The part of a `Response` that the `openai` package uses. */
export class UpstreamResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly url: string;
  readonly headers: UpstreamHeaders;
  readonly body: UpstreamBody;
  /** The result of {@link text}. */
  textSoFar: string | undefined;

  constructor(status: number, url: string, headers: UpstreamHeaders, body: UpstreamBody) {
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.url = url;
    this.headers = headers;
    this.body = body;
  }

  async text(): Promise<string> {
    this.textSoFar = await this.body.text();
    return this.textSoFar;
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

/** Follows a redirect; `false` if the redirect is not followed and becomes the response. */
export type OnRedirect = (status: number, location: string) => boolean;

/** One request in progress: turns undici's callbacks into an {@link UpstreamResponse}. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #url: string;
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onRedirect: OnRedirect;
  #controller: Dispatcher.DispatchController | undefined;
  #body: UpstreamBody | undefined;
  #decompression: Decompression | undefined;
  /** The error with which its signal aborted the request. */
  #abortedWith: Error | undefined;
  #hasMoved = false;

  constructor(
    url: string,
    options: ExchangeOptions,
    resolve: (response: UpstreamResponse) => void,
    reject: (error: unknown) => void,
    onRedirect: OnRedirect,
  ) {
    this.#url = url;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onRedirect = onRedirect;
  }

  /** Listens to the signal; returns `true` if the signal has fired already and the request must not start. */
  refusedEarly(): boolean {
    const { signal } = this.#options;
    if (signal?.aborted === true) {
      this.#onAbort();
      return true;
    }
    signal?.addEventListener('abort', this.#onAbort);
    return false;
  }

  readonly #onAbort = (): void => {
    this.#abortedWith ??= new DOMException('The request was aborted.', 'AbortError');
    this.#reject(this.#abortedWith);
    this.#controller?.abort(this.#abortedWith);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The signal fired before there was a connection: the request must not be sent.
    if (this.#abortedWith !== undefined) controller.abort(this.#abortedWith);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    rawHeaders: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    // A second copy of the headers: 1.5 KB that would stay as long as the stream does.
    controller.rawHeaders = null;
    const headers = new UpstreamHeaders(rawHeaders);
    const location = headers.get('location');
    if (status < 400 && status >= 300 && location !== null && this.#onRedirect(status, location)) {
      this.#hasMoved = true;
      this.#release();
      controller.abort(new Error('The request goes on elsewhere.'));
      return;
    }
    if (status >= 300) this.#limitRetries(headers);
    this.#decompression = Decompression.of(headers.get('content-encoding'), controller);
    const head = { status, contentType: headers.get('content-type') };
    this.#body = new UpstreamBody(this.#decompression ?? controller, head);
    this.#decompression?.feed(this.#body);
    this.#resolve(new UpstreamResponse(status, this.#url, headers, this.#body));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#decompression === undefined) this.#body?.push(chunk);
    else this.#decompression.push(chunk);
  }

  onResponseEnd(): void {
    this.#release();
    if (this.#decompression === undefined) this.#body?.finish({});
    else this.#decompression.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#release();
    if (this.#hasMoved) return;
    if (this.#body === undefined) this.#reject(this.#isForeignAbort(error) ? new Error(error.message) : error);
    else this.#body.finish({ error });
  }

  /** A proxy that refuses a tunnel aborts the request. By its name, the package would take such an error for a timeout. */
  #isForeignAbort(error: Error): boolean {
    return error.name === 'AbortError' && error !== this.#abortedWith;
  }

  #limitRetries(headers: UpstreamHeaders): void {
    const { deadline = Infinity } = this.#options;
    const retryAfterMs = retryAfterOf(headers);
    if (retryAfterMs === undefined) {
      // The package takes an unreadable wait for none at all; for an empty one it uses its own wait.
      for (const name of ['retry-after-ms', 'retry-after']) if (headers.has(name)) headers.set(name, '');
    } else if (retryAfterMs >= MAX_RETRY_AFTER_MS || performance.now() + retryAfterMs > deadline) {
      // The wait would end after the caller's deadline. This header tells the package not to retry.
      headers.set('x-should-retry', 'false');
    }
  }

  #release(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}
