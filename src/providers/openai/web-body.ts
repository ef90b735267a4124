import type { ByteSource, ResponseHead } from './byte-source.js';

/** The part of a `ReadableStream` of bytes that is used. */
interface WebStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/** The body of a response from a caller's own `fetch`. Reads only if a reader waits, so it holds at most one chunk. */
export class WebBody implements ByteSource {
  readonly head: ResponseHead | undefined;
  readonly #reader: ReturnType<WebStream['getReader']>;
  #chunk: Buffer | undefined;
  #end: { readonly error?: unknown } | undefined;
  #waiter: (() => void) | undefined;

  constructor(stream: WebStream, head: ResponseHead | undefined) {
    this.head = head;
    this.#reader = stream.getReader();
  }

  get end(): { readonly error?: unknown } | undefined {
    return this.#end;
  }

  take(): Buffer | undefined {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    return chunk;
  }

  wait(wake: () => void): void {
    this.#waiter = wake;
    this.#reader.read().then(
      ({ done, value }) => {
        if (value !== undefined) this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
        if (done) this.#end ??= {};
        this.#wake();
      },
      (error: unknown) => {
        this.#end ??= { error };
        this.#wake();
      },
    );
  }

  abort(): void {
    this.#waiter = undefined;
    this.#end ??= {};
    // Cancelling a failed stream rejects with the same failure again.
    this.#reader.cancel().catch(() => undefined);
  }

  drain(): void {
    this.abort();
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.();
  }
}

/** Whether {@link WebBody} can read a response body of unknown type. */
export function isWebStream(body: unknown): body is WebStream {
  return typeof (body as Partial<WebStream> | null | undefined)?.getReader === 'function';
}
