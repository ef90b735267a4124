/** What a response says of itself. */
export interface ResponseHead {
  readonly status: number;
  /** `Content-Type`, as it came. */
  readonly contentType: string | null;
}

/** The body of a response, pulled in batches: whatever arrived, as one piece. */
export interface ByteSource {
  /** `undefined` where somebody else's client does not tell. */
  readonly head: ResponseHead | undefined;
  /** Set once the body is over: without `error` where it ended well. Bytes may still wait to be taken. */
  readonly end: { readonly error?: unknown } | undefined;
  /** All that arrived since the last call, or `undefined` for nothing. Lets a paused upstream go on. */
  take(): Buffer | undefined;
  /** Calls back once when there is something to take or the body is over. Not called synchronously. */
  wait(wake: () => void): void;
  /** Stops the upstream request. Nothing arrives after it, and `wait` is not called back. */
  abort(): void;
  /** The rest is of no interest: reads it away, within limits, so that the connection can be used again. */
  drain(): void;
}
