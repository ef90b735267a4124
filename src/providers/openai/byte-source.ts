/** Status and content type of a response. */
export interface ResponseHead {
  readonly status: number;
  /** `Content-Type`, as received. */
  readonly contentType: string | null;
}

/** The body of a response, read in batches: everything that has arrived comes as one piece. */
export interface ByteSource {
  /** `undefined` if a caller's own client does not give it. */
  readonly head: ResponseHead | undefined;
  /** Set when the body has ended: without `error` if it ended well. Bytes may still be left to take. */
  readonly end: { readonly error?: unknown } | undefined;
  /** Returns all bytes since the last call, or `undefined` if there are none. Resumes a paused upstream. */
  take(): Buffer | undefined;
  /** Calls `wake` once when there are bytes to take or the body has ended, never synchronously. */
  wait(wake: () => void): void;
  /** Stops the upstream request. No bytes arrive afterwards, and `wake` is not called. */
  abort(): void;
  /** Discards the rest of the body, up to a limit, so that the connection can be reused. */
  drain(): void;
}
