import type { LlmPart } from '../../agent/llm-provider.js';
import type { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { ByteSource } from './byte-source.js';
import { ChatDecoder, type Learned } from './chat-decoder.js';
import { isEventStream, type Failures } from './failures.js';
import { Abort, type AbortSource } from '../../runtime/abort.js';

/** The source of a {@link ChatStream}. */
export interface ChatUpstream {
  readonly failures: Failures;
  readonly learned: Learned;
  /** See {@link OpenAiProviderOptions}. */
  readonly firstTokenTimeoutMs: number;
  readonly tokenTimeoutMs: number;
  readonly maxRetries: number;
  /**
   * Sends the request, and resolves to the body of the answer.
   * @param deadline - when the first output must have arrived, on the clock of `performance.now()`
   * @param retries - how many more attempts may be made until there is a body
   */
  open(abort: Abort, deadline: number, retries: number): Promise<ByteSource>;
}

/** How much later than the rest of an answer usage and the end mark may come. In milliseconds. */
const END_MS = 2_000;

/** The waits before retries, as the `openai` package has them. In milliseconds. */
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 8_000;
const JITTER = 0.25;

type Result = IteratorResult<readonly LlmPart[], undefined>;

/** A reader that waits for the next parts. */
interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const END: Result = Object.freeze({ done: true, value: undefined });

/**
 * Reads one answer as it arrives. Nothing is sent before the first `next()`. An iterator written by hand instead of an
 * async generator, for speed: a turn of the event loop costs one promise, however many events arrived together.
 */
export class ChatStream implements AsyncIterableIterator<readonly LlmPart[]> {
  readonly #upstream: ChatUpstream;
  readonly #signal: AbortSource;
  #decoder: ChatDecoder;
  readonly #request = new Abort();
  #state: 'idle' | 'opening' | 'reading' | 'over' = 'idle';
  #source: ByteSource | undefined;
  #failure: { readonly error: unknown } | undefined;
  #waiter: Waiter | undefined;
  #turn: Promise<Result> | undefined;
  #retries = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerFiresAt = 0;
  #deadline = Infinity;
  /** Number of chunks when the deadline was set. */
  #chunks = 0;

  constructor(upstream: ChatUpstream, signal: AbortSource) {
    this.#upstream = upstream;
    this.#signal = signal;
    this.#decoder = new ChatDecoder(upstream.failures, upstream.learned);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    // The contract of iterators allows concurrent calls of `next`: they are served in order.
    if (this.#waiter !== undefined && this.#turn !== undefined) {
      const after = (): Promise<Result> => this.next();
      return this.#turn.then(after, after);
    }
    this.#turn = new Promise((resolve, reject) => this.#next({ resolve, reject }));
    return this.#turn;
  }

  /**
   * Gives all parts to `take`, in the order of their arrival, which costs no promise for each read. The next parts wait for
   * a promise that `take` returns. Resolves at the end of the answer, and rejects if the stream or `take` fails.
   */
  forEach(take: (parts: readonly LlmPart[]) => Promise<void> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        void this.return();
        waiter.reject(error);
      };
      const waiter: Waiter = {
        resolve: ({ done, value }) => {
          if (done === true) return resolve();
          let wait: Promise<void> | undefined;
          try {
            wait = take(value);
          } catch (error) {
            return fail(error);
          }
          if (wait === undefined) this.#next(waiter);
          else wait.then(() => this.#next(waiter), fail);
        },
        reject,
      };
      this.#next(waiter);
    });
  }

  /** Calls `waiter` as soon as there are parts, or the stream is over. */
  #next(waiter: Waiter): void {
    if (this.#state === 'idle') this.#open();
    const value = this.#read();
    if (value === undefined) this.#wait(waiter);
    else waiter.resolve({ done: false, value });
  }

  return(): Promise<Result> {
    this.#stop();
    this.#failure = undefined;
    this.#deliver();
    return Promise.resolve(END);
  }

  #open(): void {
    if (this.#signal.aborted) {
      this.#fail(this.#signal.reason);
      return;
    }
    this.#state = 'opening';
    this.#signal.addEventListener('abort', this.#onAbort);
    this.#limit(performance.now() + this.#upstream.firstTokenTimeoutMs);
    this.#send();
  }

  readonly #send = (): void => {
    const { maxRetries, failures } = this.#upstream;
    this.#upstream.open(this.#request, this.#deadline, maxRetries - this.#retries).then(
      (source) => {
        if (this.#state !== 'opening') {
          source.abort();
          return;
        }
        this.#state = 'reading';
        this.#source = source;
        if (this.#waiter !== undefined) source.wait(this.#onReadable);
      },
      (error: unknown) => {
        this.#fail(failures.of(error));
        this.#deliver();
      },
    );
  };

  /** Fails the stream, or sends the request again if nothing has been said and the failure may be over the next time. */
  #failOrRetry(error: AgentSocketError): void {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.#retries, MAX_WAIT_MS);
    const waitMs = error.retryAfterMs ?? longest * (1 - Math.random() * JITTER);
    const isLast = this.#retries >= this.#upstream.maxRetries || performance.now() + waitMs > this.#deadline;
    if (this.#decoder.begun || isLast || !error.retryable || this.#state !== 'reading') {
      this.#fail(error);
      return;
    }
    this.#retries++;
    this.#source?.abort();
    this.#source = undefined;
    this.#decoder = new ChatDecoder(this.#upstream.failures, this.#upstream.learned);
    this.#state = 'opening';
    this.#retryTimer = setTimeout(this.#send, waitMs);
  }

  /** The parts that have arrived; `undefined` if there are none or the stream is over. */
  #read(): readonly LlmPart[] | undefined {
    const source = this.#source;
    if (source === undefined || this.#state !== 'reading') return undefined;
    try {
      for (let bytes = source.take(); bytes !== undefined && !this.#decoder.done; bytes = source.take()) {
        this.#decoder.push(bytes);
      }
      if (!this.#decoder.done && source.end !== undefined) this.#finish(source.end);
      if (this.#decoder.done) this.#close();
    } catch (error) {
      this.#failOrRetry(this.#upstream.failures.of(error));
    }
    const parts = this.#decoder.take();
    return parts.length === 0 ? undefined : parts;
  }

  #finish(end: { readonly error?: unknown }): void {
    const isBroken = 'error' in end;
    const complete = isBroken ? this.#decoder.settle() : this.#decoder.end();
    if (complete) return;
    const head = this.#source?.head;
    // Some servers stream under another content type, so the type counts only if no event has arrived.
    const isOther = !isBroken && !this.#decoder.isStream && head !== undefined && !isEventStream(head);
    const { failures } = this.#upstream;
    const { begun, opening, words } = this.#decoder;
    this.#failOrRetry(isOther ? failures.notAStream(head, opening) : failures.broken(begun, end.error ?? words));
  }

  #wait(waiter: Waiter): void {
    this.#waiter = waiter;
    if (this.#state === 'over') {
      this.#deliver();
      return;
    }
    this.#limit(this.#decoder.begun ? this.#nextDeadline() : this.#deadline);
    this.#source?.wait(this.#onReadable);
  }

  readonly #onReadable = (): void => {
    const value = this.#read();
    if (value !== undefined) {
      const waiter = this.#waiter;
      this.#waiter = undefined;
      waiter?.resolve({ done: false, value });
    } else if (this.#state === 'over') {
      this.#deliver();
    } else if (this.#state === 'reading') {
      // The bytes held no part: they were a piece of a tool call, or a comment that the server is at work. Comments after
      // the finish reason come from a server that forgets to end the answer.
      const { complete, chunks } = this.#decoder;
      if (!complete || chunks !== this.#chunks) this.#limit(this.#nextDeadline());
      this.#source?.wait(this.#onReadable);
    }
  };

  readonly #onAbort = (): void => {
    this.#fail(this.#signal.reason);
    this.#deliver();
  };

  #nextDeadline(): number {
    const { firstTokenTimeoutMs, tokenTimeoutMs } = this.#upstream;
    const { begun, chunks, isOver } = this.#decoder;
    this.#chunks = chunks;
    const tokenMs = isOver ? Math.min(END_MS, tokenTimeoutMs) : tokenTimeoutMs;
    return performance.now() + (begun ? tokenMs : firstTokenTimeoutMs);
  }

  /** One timer serves the whole stream: a token only moves the deadline, which the timer checks when it fires. */
  #limit(deadline: number): void {
    this.#deadline = deadline;
    if (this.#timer !== undefined) {
      if (this.#timerFiresAt <= deadline) return;
      clearTimeout(this.#timer);
    }
    this.#timerFiresAt = deadline;
    this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(deadline - performance.now())));
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    // Time counts only while a reader waits; the next wait starts the timer again.
    if (this.#waiter === undefined) return;
    if (performance.now() < this.#deadline) {
      this.#limit(this.#deadline);
      return;
    }
    if (this.#decoder.settle()) this.#onReadable();
    else this.#fail(this.#upstream.failures.timeout(this.#decoder.begun));
    this.#deliver();
  };

  /** Tells a waiting reader that the stream is over, and how it ended. */
  #deliver(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    this.#waiter = undefined;
    if (this.#failure === undefined) {
      waiter.resolve(END);
      return;
    }
    const { error } = this.#failure;
    this.#failure = undefined;
    waiter.reject(error);
  }

  /** Fails the stream. Parts decoded before are delivered first. */
  #fail(error: unknown): void {
    if (this.#state === 'over') return;
    this.#stop();
    this.#failure = { error };
  }

  /** Ends a complete answer: the connection can be reused. */
  #close(): void {
    if (this.#state === 'over') return;
    this.#release();
    this.#source?.drain();
  }

  /** Ends the upstream request: the rest of the answer is not needed. */
  #stop(): void {
    if (this.#state === 'over') return;
    this.#release();
    this.#source?.abort();
    this.#request.abort();
  }

  #release(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    this.#timer = undefined;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
