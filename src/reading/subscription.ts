import type { Connection, ConnectionReader } from '../connection/connection.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { withRequestId, withTimestamp } from '../protocol/encode.js';
import { CORE_TYPES, OPENING_TYPES, TERMINAL_TYPES } from '../protocol/server-messages.js';
import { isLater } from '../runtime/awaitable.js';
import { Latch } from '../runtime/latch.js';
import type { RunReader } from '../log/run-readers.js';
import type { RunHandle } from '../run/run-handle.js';
import type { WireEntry } from '../log/run-log.js';

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

/**
 * A connection that reads a run. It holds a position in the log instead of a queue: a slow reader costs only the buffer
 * of its socket.
 */
export class Subscription<R extends Readable = RunHandle> implements ConnectionReader, RunReader {
  readonly connection: Connection;
  readonly run: R;
  /** Set if the connection gets the reply to its `cancel` instead of the final message of the run. */
  hidesCancelled = false;
  /** Whether the connection started or resumed the run; otherwise it watches the conversation. */
  isAsked: boolean;

  readonly #options: SubscriptionOptions<R>;
  readonly #unsubscribe: () => void;
  readonly #end = new Latch();
  #position: number;
  #requestId: string | undefined;
  #lagging = false;
  #reading = false;
  #over = false;

  constructor(connection: Connection, run: R, options: SubscriptionOptions<R>) {
    this.connection = connection;
    this.run = run;
    this.#options = options;
    this.#position = options.after;
    this.isAsked = options.watched !== true;
    this.#requestId = options.requestId;
    connection.addReader(this);
    run.readers?.join(this);
    this.#unsubscribe = run.log.onPublished(() => this.#pump());
    if (connection.isOpen) this.#pump();
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

  /** Whether everything was delivered, or the connection is gone. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Whether there are messages that were not sent yet. */
  get isBehind(): boolean {
    return !this.#over && this.#position < this.run.head;
  }

  /** Continues at another position. */
  moveTo(after: number, requestId: string | undefined): void {
    this.#position = after;
    this.#requestId = requestId;
    this.isAsked = true;
    this.#pump();
  }

  onWritable(): void {
    this.#pump();
  }

  onDisconnected(): void {
    this.#leave();
  }

  onAbandoned(): void {
    this.#fail(new Error('The log of the run has no end'));
  }

  /** Delivers messages of the log as long as the socket accepts them. */
  #pump(): void {
    // A delivery can publish new messages, for example if a leaving reader stops the run; the loop handles them.
    if (this.#reading) return;
    this.#reading = true;
    let later: Promise<readonly WireEntry[]> | undefined;
    try {
      while (this.#hasMore && this.connection.isWritable) {
        const entries = this.run.log.read(this.#position);
        if (isLater(entries)) return void this.#pumpLater((later = entries));
        this.#deliver(entries);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#reading = later !== undefined;
    }
    this.#setLagging(this.#hasMore);
    // The run was read to its end before: no message will come.
    if (this.run.isOver && this.#position >= this.run.head) this.#leave();
  }

  async #pumpLater(reading: Promise<readonly WireEntry[]>): Promise<void> {
    const position = this.#position;
    try {
      const entries = await reading;
      // The position changed during the read: the entries belong to another position.
      if (position === this.#position) this.#deliver(entries);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#reading = false;
    }
    this.#pump();
  }

  /** Closes the connection: otherwise the client would wait forever. */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#options.onFault?.(error);
    this.connection.close(CLOSE_CODES.internal);
  }

  /** Whether the log has messages after the position. */
  get #hasMore(): boolean {
    return !this.#over && this.#position < this.run.log.published;
  }

  #deliver(entries: readonly WireEntry[]): void {
    for (const entry of entries) {
      if (!this.connection.isWritable) return;
      this.#position = entry.seq;
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
    if (lagging === this.#lagging || this.#over) return;
    this.#lagging = lagging;
    this.run.readers?.lag(lagging);
  }

  #leave(): void {
    if (this.#over) return;
    this.#setLagging(false);
    this.#over = true;
    this.#unsubscribe();
    this.connection.removeReader(this);
    this.#end.open();
    this.#options.onEnd(this);
    // Called last, since leaving may stop a run without readers.
    this.run.readers?.leave(this);
  }
}
