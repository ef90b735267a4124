import type { Connection } from '../connection/connection.js';
import { withRequestId, withTimestamp } from '../protocol/encode.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { CORE_TYPES, OPENING_TYPES, TERMINAL_TYPES } from '../protocol/server-messages.js';
import { Latch } from '../runtime/latch.js';
import type { RunReader } from '../log/run-readers.js';
import type { RunHandle } from '../run/run-handle.js';
import type { WireEntry } from '../log/run-log.js';
import { LogReader } from './log-reader.js';

/** What a subscription needs of the run it reads. */
export type Readable = Pick<RunHandle, 'id' | 'log' | 'isOver' | 'head' | 'readers'>;

/** What {@link Subscription} takes. */
export interface SubscriptionOptions<R extends Readable = RunHandle> {
  /** The last `seq` the reader has. */
  after: number;
  /** Repeated on the first message, for the connection that asked for the run. */
  requestId?: string | undefined;
  /** Whether the connection reads the run because it watches the conversation. */
  watched?: boolean | undefined;
  /** Called once, when the subscription ends: everything was delivered, or the connection is gone. */
  onEnd(subscription: Subscription<R>): void;
  /** Called if the log could not be read. The connection is closed with 1011, so that its client resumes. */
  onFault?: ((error: unknown) => void) | undefined;
}

/** A connection that reads a run. */
export class Subscription<R extends Readable = RunHandle> extends LogReader implements RunReader {
  readonly run: R;
  /** Set if the connection gets the reply to its `cancel` instead of the final message of the run. */
  hidesCancelled = false;
  /** Whether the connection started or resumed the run; otherwise it watches the conversation. */
  isAsked: boolean;

  readonly #options: SubscriptionOptions<R>;
  readonly #unsubscribe: () => void;
  readonly #end = new Latch();
  #requestId: string | undefined;
  #lagging = false;

  constructor(connection: Connection, run: R, options: SubscriptionOptions<R>) {
    super(connection, run.log, options.after);
    this.run = run;
    this.#options = options;
    this.isAsked = options.watched !== true;
    this.#requestId = options.requestId;
    connection.addReader(this);
    run.readers?.join(this);
    this.#unsubscribe = run.log.onPublished(() => this.pump());
    if (connection.isOpen) this.pump();
    else this.#leave();
  }

  /** Resolves when the last message has been handed to the socket, or the connection is gone. */
  get ended(): Promise<void> {
    return this.#end.opened;
  }

  /** Whether the client can resume, which clients of the documented core cannot. */
  get canReturn(): boolean {
    return this.connection.negotiated;
  }

  /** Whether there are messages that were not sent yet. */
  get isBehind(): boolean {
    return !this.over && this.position < this.run.head;
  }

  /** Continues at another position. */
  moveTo(after: number, requestId: string | undefined): void {
    this.position = after;
    this.#requestId = requestId;
    this.isAsked = true;
    this.pump();
  }

  override onDisconnected(): void {
    this.#leave();
  }

  onAbandoned(): void {
    this.fail(new Error('The log of the run has no end'));
  }

  onMoved(): void {
    if (!this.over) this.connection.close(CLOSE_CODES.draining);
  }

  protected override onFault(error: unknown): void {
    this.#options.onFault?.(error);
  }

  protected override onPumped(): void {
    this.#setLagging(this.hasMore);
    // The run was read to its end before: no message will come.
    if (this.run.isOver && this.position >= this.run.head) this.#leave();
  }

  protected override deliver(entries: readonly WireEntry[]): void {
    for (const entry of entries) {
      if (!this.connection.isWritable) return;
      this.position = entry.seq;
      if (this.#shows(entry)) this.connection.write(this.#encode(entry), OPENING_TYPES.has(entry.type));
      if (TERMINAL_TYPES.has(entry.type)) return this.#leave();
    }
  }

  #shows(entry: WireEntry): boolean {
    if (entry.type === 'cancelled' && this.hidesCancelled) return false;
    return this.connection.negotiated || CORE_TYPES.has(entry.type);
  }

  #encode(entry: WireEntry): string {
    let { encoded } = entry;
    const timestamp = this.connection.timestamp(entry.timestamp);
    if (timestamp !== entry.timestamp) encoded = withTimestamp(encoded, timestamp);
    if (this.#requestId !== undefined) {
      encoded = withRequestId(encoded, this.#requestId);
      this.#requestId = undefined;
    }
    return encoded;
  }

  #setLagging(lagging: boolean): void {
    if (lagging === this.#lagging || this.over) return;
    this.#lagging = lagging;
    this.run.readers?.lag(lagging);
  }

  #leave(): void {
    if (this.over) return;
    this.#setLagging(false);
    this.over = true;
    this.#unsubscribe();
    this.connection.removeReader(this);
    this.#end.open();
    this.#options.onEnd(this);
    // Called last, since leaving may stop a run without readers.
    this.run.readers?.leave(this);
  }
}
