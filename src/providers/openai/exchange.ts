import type { Dispatcher } from 'undici';
import { Decompression } from './decompression.js';
import type { AbortSource } from './request-abort.js';
import { retryAfterOf } from './retry-after.js';
import { UpstreamBody } from './upstream-body.js';
import { UpstreamHeaders } from './upstream-headers.js';

/** The most the package waits for when a server says how long; longer waits it would shorten to its own. */
const MAX_RETRY_AFTER_MS = 60_000;

/** How an {@link Exchange} goes. */
export interface ExchangeOptions {
  readonly signal?: AbortSource | null;
  /** Until when the caller waits for output, on the clock of `performance.now()`. */
  readonly deadline?: number;
}

/** The part of a `Response` that the `openai` package uses. */
export class UpstreamResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly url: string;
  readonly headers: UpstreamHeaders;
  readonly body: UpstreamBody;
  /** What {@link text} gave. */
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

/** Takes a redirect over; `false` where it is to be told as a response. */
export type OnRedirect = (status: number, location: string) => boolean;

/** One request on its way: turns undici's callbacks into an {@link UpstreamResponse}. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #url: string;
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onRedirect: OnRedirect;
  #controller: Dispatcher.DispatchController | undefined;
  #body: UpstreamBody | undefined;
  #decompression: Decompression | undefined;
  /** Why it was given up by its signal. */
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

  /** Listens to the signal; `true` where it had fired before and the request must not start. */
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
    // Given up before there was a connection: it must not be sent.
    if (this.#abortedWith !== undefined) controller.abort(this.#abortedWith);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    rawHeaders: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    // The same once more, 1.5 KB that would stay as long as the stream does.
    controller.rawHeaders = null;
    const headers = new UpstreamHeaders(rawHeaders);
    const location = headers.get('location');
    if (status < 400 && status >= 300 && location !== null && this.#onRedirect(status, location)) {
      this.#hasMoved = true;
      this.#release();
      controller.abort(new Error('The request goes on elsewhere.'));
      return;
    }
    this.#limitRetries(headers);
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
    if (this.#body === undefined) this.#reject(error);
    else this.#body.finish({ error });
  }

  #limitRetries(headers: UpstreamHeaders): void {
    const { deadline = Infinity } = this.#options;
    const retryAfterMs = retryAfterOf(headers);
    if (retryAfterMs === undefined) {
      // The package would take a wait it cannot read for none; an empty one makes it use its own.
      for (const name of ['retry-after-ms', 'retry-after']) if (headers.has(name)) headers.set(name, '');
    } else if (retryAfterMs >= MAX_RETRY_AFTER_MS || performance.now() + retryAfterMs > deadline) {
      // Waiting longer than anybody waits for us is pointless, and this header is how the package is told.
      headers.set('x-should-retry', 'false');
    }
  }

  #release(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}
