import type { ByteSource, ResponseHead } from './byte-source.js';

/** The part of undici's controller that is used. */
interface BodyControl {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** Bytes that may wait in memory before the socket is paused. */
const HIGH_WATER_MARK = 64 * 1024;
/** How many bytes of an unwanted body are discarded before the connection is closed instead. */
const DRAIN_BYTES = 64 * 1024;
const DRAIN_MS = 1000;
/**
 * The `then` of this promise is the cheapest way to run code after the current read: `queueMicrotask` creates an async
 * resource.
 */
const RESOLVED = Promise.resolve();
/** Maximum bytes of an error body that are kept. */
const MAX_TEXT_BYTES = 64 * 1024;

/** The body of a response from undici. Holds at most one read above {@link HIGH_WATER_MARK}. */
export class UpstreamBody implements ByteSource, AsyncIterable<Buffer> {
  readonly head: ResponseHead;
  readonly #control: BodyControl;
  /** What waits: most often one chunk, of which there is one for each token. */
  #first: Buffer | undefined;
  readonly #others: Buffer[] = [];
  #bytes = 0;
  #paused = false;
  #end: { readonly error?: unknown } | undefined;
  #waiter: (() => void) | undefined;
  #scheduled = false;
  #discarded = -1;
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(control: BodyControl, head: ResponseHead) {
    this.#control = control;
    this.head = head;
  }

  get end(): { readonly error?: unknown } | undefined {
    return this.#end;
  }

  /** Takes the next chunk from the transport. */
  push(chunk: Buffer): void {
    if (this.#discarded >= 0) {
      this.#discarded += chunk.length;
      if (this.#discarded > DRAIN_BYTES) this.abort();
      return;
    }
    if (this.#first === undefined) this.#first = chunk;
    else this.#others.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= HIGH_WATER_MARK && !this.#paused) {
      this.#paused = true;
      this.#control.pause();
    }
    this.#schedule();
  }

  /** Ends the body; the transport calls it once. */
  finish(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#drainTimer);
    this.#schedule();
  }

  take(): Buffer | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    const bytes = this.#others.length === 0 ? first : Buffer.concat([first, ...this.#others], this.#bytes);
    this.#clear();
    if (this.#paused) {
      this.#paused = false;
      this.#control.resume();
    }
    return bytes;
  }

  wait(wake: () => void): void {
    this.#waiter = wake;
    if (this.#first !== undefined || this.#end !== undefined) this.#schedule();
  }

  abort(): void {
    this.#waiter = undefined;
    this.#clear();
    this.#discarded = 0;
    clearTimeout(this.#drainTimer);
    if (this.#end !== undefined) return;
    this.#end = {};
    this.#control.abort(new Error('The reader has gone.'));
  }

  drain(): void {
    this.#waiter = undefined;
    this.#discarded = this.#bytes;
    this.#clear();
    if (this.#end !== undefined) return;
    this.#drainTimer = setTimeout(() => this.abort(), DRAIN_MS);
    this.#drainTimer.unref();
    if (this.#paused) this.#control.resume();
  }

  /** The whole of a short body, cut off at 64 KiB. */
  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_TEXT_BYTES) break;
    }
    return Buffer.concat(chunks).toString('utf8', 0, MAX_TEXT_BYTES);
  }

  /**
   * Leaving the loop early, or calling `return()` without iterating, discards the rest. The `openai` package calls
   * `return()` on a response it does not need.
   */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, void> {
    return {
      next: async () => {
        for (;;) {
          const value = this.take();
          if (value !== undefined) return { done: false, value };
          if (this.#end !== undefined) {
            if ('error' in this.#end) throw this.#end.error;
            return { done: true, value: undefined };
          }
          await new Promise<void>((resolve) => this.wait(resolve));
        }
      },
      return: () => {
        this.drain();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #clear(): void {
    this.#first = undefined;
    this.#others.length = 0;
    this.#bytes = 0;
  }

  /** One socket read may hold many chunks: the waiting reader is woken once, after the last of them. */
  #schedule(): void {
    if (this.#scheduled || this.#waiter === undefined) return;
    this.#scheduled = true;
    void RESOLVED.then(this.#wake);
  }

  readonly #wake = (): void => {
    this.#scheduled = false;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.();
  };
}
