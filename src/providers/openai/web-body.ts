import type { ByteSource, ResponseHead } from './byte-source.js';

/** What is needed of a `ReadableStream` of bytes. */
interface WebStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/** The body of a response from somebody else's `fetch`. Reads only when somebody waits, so it holds one chunk. */
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
    // Cancelling a stream that failed rejects with the failure, which is known already.
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

/** Whether a response body of unknown make can be read by {@link WebBody}. */
export function isWebStream(body: unknown): body is WebStream {
  return typeof (body as Partial<WebStream> | null | undefined)?.getReader === 'function';
}
