import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import { encodeMessage, now, type TextType } from '../protocol/encode.js';
import { TERMINAL_TYPES, type CancelReason, type RunState, type Usage } from '../protocol/server-messages.js';
import type { Coalescer, Flushable } from './coalescer.js';
import { Readers } from './readers.js';
import { MAX_TEXT_LENGTH, type MessageEntry, type RunEntry, type RunLog } from './run-log.js';
import { errorMessage, type RunMessage } from './run-message.js';
import { isFinal } from './run-state.js';
import type { RunKind } from './run-store.js';

/** How long a stopped run waits for its provider and tools before it ends without them. */
const SETTLE_MS = 1_000;

/** Why a run ends before its work does. */
export type StopCause =
  | { readonly state: 'cancelled'; readonly reason: CancelReason }
  | { readonly state: 'interrupted' }
  | { readonly state: 'failed'; readonly error: AgentSocketError };

/** What a run tells its manager. */
export interface RunOwner {
  readonly coalescer: Coalescer;
  /** `bytes` more are in the log of a run in progress. */
  onAppended(run: Run, bytes: number): void;
  onState(run: Run): void;
  /** Its work, its log or its store failed with something no client may read. */
  onFault(run: Run, error: unknown): void;
}

/**
 * One unit of work a client asked for. It writes its log and knows nothing of who reads it.
 * The first terminal message appended wins; nothing follows it.
 */
export class Run implements Flushable {
  readonly id: string;
  readonly kind: RunKind;
  readonly principal: Principal;
  readonly log: RunLog;
  /** Who reads it, as far as a run knows: how many, and how many of them lag. */
  readonly readers = new Readers();
  /** When it was accepted, on the monotonic clock in milliseconds. */
  readonly startedAt = performance.now();
  /** Bytes of UTF-8 written. */
  bytes = 0;
  lastWriteAt = -Infinity;
  /** Resolves when the terminal message is in the log. */
  readonly ended: Promise<void>;

  readonly #owner: RunOwner;
  readonly #abort = new AbortController();
  #resolveEnded: () => void = () => undefined;
  #state: RunState = 'accepted';
  #stop: StopCause | undefined;
  #failure: AgentSocketError | undefined;
  #settleTimer: NodeJS.Timeout | undefined;
  #seq = 0;
  #pendingType: TextType = 'stream_chunk';
  #pending = '';

  constructor(id: string, kind: RunKind, principal: Principal, log: RunLog, owner: RunOwner) {
    this.id = id;
    this.kind = kind;
    this.principal = principal;
    this.log = log;
    this.#owner = owner;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  get state(): RunState {
    return this.#state;
  }

  /** Aborts when the run is stopped. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether its terminal message is in the log. */
  get isOver(): boolean {
    return isFinal(this.#state);
  }

  /** Whether it was told to stop; it may not be over yet. */
  get isStopping(): boolean {
    return this.#stop !== undefined;
  }

  /** The newest `seq`. */
  get head(): number {
    return this.#seq;
  }

  /** Why it failed. The client was told code and message; `cause` is for those who look after the server. */
  get failure(): AgentSocketError | undefined {
    return this.#failure;
  }

  /** What it cost so far; set by whoever does its work. */
  usage: () => Usage | undefined = () => undefined;

  /**
   * Does the work. `work` writes to the run and resolves to the terminal message; it may be left behind
   * when the run is stopped and it does not listen to {@link signal}.
   */
  start(work: () => Promise<RunMessage>): void {
    if (this.isOver) return;
    this.#setState('running');
    // In a promise, so that work that throws at once and work that rejects are the same.
    void new Promise<RunMessage>((resolve) => resolve(work())).then(
      (terminal) => this.#settle(terminal),
      (error: unknown) => this.#settle(undefined, error),
    );
  }

  /** Adds text. It may be written a little later, together with what follows. */
  text(type: TextType, delta: string): void {
    if (this.isOver || this.#stop !== undefined || delta === '') return;
    if (type !== this.#pendingType) this.flush();
    this.#pendingType = type;
    const isFirst = this.#pending === '';
    this.#pending += delta;
    const at = performance.now();
    if (this.#owner.coalescer.isDue(this.lastWriteAt, at)) this.flush(at);
    else if (isFirst) this.#owner.coalescer.hold(this);
  }

  /** Counts output that is kept in memory and not in the log, so that it is bounded as well. */
  charge(bytes: number): void {
    if (!this.isOver) this.#count(bytes);
  }

  /** Adds any message but a terminal one. */
  message(message: RunMessage): void {
    this.flush();
    if (this.isOver) return;
    const entry = this.#encode(message);
    try {
      this.#append(entry);
    } catch (error) {
      this.#stopBroken(error);
    }
  }

  /** Writes the text that waits. Never throws: a log that does not take it ends the run. */
  flush(at: number = performance.now()): void {
    const text = this.#pending;
    if (text === '') return;
    this.#pending = '';
    this.lastWriteAt = at;
    this.#owner.coalescer.release(this);
    const type = this.#pendingType;
    try {
      for (let start = 0; start < text.length;) {
        const end = pieceEnd(text, start);
        const content = end - start === text.length ? text : text.slice(start, end);
        this.#append({ type, seq: this.#seq + 1, timestamp: now(), content });
        start = end;
      }
    } catch (error) {
      this.#stopBroken(error);
    }
  }

  /**
   * Ends the run early: the signal aborts now, and the run is over as soon as its work has stopped, after 1 s at the latest.
   * Does nothing where it is over or stopping already.
   */
  stop(cause: StopCause): void {
    // First, because text that cannot be written stops the run by itself.
    this.flush();
    if (this.isOver || this.#stop !== undefined) return;
    this.#stop = cause;
    this.readers.release();
    if (this.#state === 'accepted') return this.#settle();
    this.#settleTimer = setTimeout(() => this.#settle(), SETTLE_MS);
    this.#abort.abort();
  }

  /** A promise to wait for before more is pulled from the provider; `undefined` where nothing is in the way. */
  backpressure(): Promise<void> | undefined {
    return this.#stop === undefined ? this.readers.backpressure() : undefined;
  }

  /** The one place where a run ends. Whoever comes second finds it over. It ends whatever the log and the store do. */
  #settle(terminal?: RunMessage, error?: unknown): void {
    this.flush();
    if (this.isOver) return;
    clearTimeout(this.#settleTimer);
    try {
      this.#finish(this.#terminal(terminal, error));
    } catch (fault) {
      // Work of an embedder's own may end with what JSON cannot say, and a log may refuse an entry.
      this.#owner.onFault(this, fault);
      this.#finishBroken(fault);
    }
    this.#tellState();
    this.#resolveEnded();
  }

  #finish(last: RunMessage): void {
    const entry = this.#encode(last);
    this.#state = this.#stop?.state ?? (last.type === 'error' ? 'failed' : 'finished');
    this.#append(entry);
  }

  /** The second and last attempt. */
  #finishBroken(fault: unknown): void {
    try {
      this.#finish(this.#fail(internalError(fault), undefined));
    } catch (again) {
      this.#owner.onFault(this, again);
    }
  }

  #terminal(terminal: RunMessage | undefined, error: unknown): RunMessage {
    const usage = this.usage();
    const stop = this.#stop;
    if (stop?.state === 'cancelled')
      return { type: 'cancelled', reason: stop.reason, finish_reason: 'cancelled', usage };
    if (stop?.state === 'interrupted') {
      return this.#fail(
        new AgentSocketError('run_interrupted', 'The server stopped before the answer was complete'),
        usage,
      );
    }
    if (stop !== undefined) return this.#fail(stop.error, usage);
    if (terminal !== undefined && TERMINAL_TYPES.has(terminal.type)) return terminal;
    if (AgentSocketError.isInstance(error)) return this.#fail(error, usage);
    this.#owner.onFault(this, error);
    return this.#fail(internalError(error), usage);
  }

  #fail(error: AgentSocketError, usage: Usage | undefined): RunMessage {
    this.#failure = error;
    return errorMessage(error, usage);
  }

  #encode(message: RunMessage): MessageEntry {
    const timestamp = now();
    const seq = this.#seq + 1;
    const encoded = encodeMessage({ ...message, timestamp, run_id: this.id, seq });
    return { type: message.type as MessageEntry['type'], seq, timestamp, encoded };
  }

  /**
   * Counted first, since whoever is woken by the log may write to the run; an entry the log refuses leaves no hole.
   * @throws whatever the log throws.
   */
  #append(entry: RunEntry): void {
    this.#seq = entry.seq;
    try {
      this.log.append(entry);
    } catch (error) {
      if (this.#seq === entry.seq) this.#seq--;
      throw error;
    }
    this.#count(
      'encoded' in entry ? Buffer.byteLength(entry.encoded) : Buffer.byteLength(entry.content) + TEXT_OVERHEAD,
    );
  }

  /** Its output cannot be kept, so there is no point in making more. */
  #stopBroken(error: unknown): void {
    this.#owner.onFault(this, error);
    this.stop({ state: 'failed', error: internalError(error) });
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.#owner.onAppended(this, bytes);
  }

  #setState(state: RunState): void {
    this.#state = state;
    this.#tellState();
  }

  #tellState(): void {
    try {
      this.#owner.onState(this);
    } catch (error) {
      this.#owner.onFault(this, error);
    }
  }
}

/** Bytes of the fields around the content of an encoded `stream_chunk`. */
const TEXT_OVERHEAD = 130;

/** End of the piece that starts at `start`: never between the two halves of a surrogate pair. */
function pieceEnd(text: string, start: number): number {
  const end = start + MAX_TEXT_LENGTH;
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

function internalError(cause?: unknown): AgentSocketError {
  return new AgentSocketError('internal_error', 'The server failed', { cause });
}
