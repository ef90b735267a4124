import type { Connection, ConnectionReader } from '../connection/connection.js';
import type { ReadableLog, WireEntry } from '../log/run-log.js';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { isLater } from '../runtime/awaitable.js';

/**
 * A connection that reads a log. It holds a position in the log instead of a queue: a slow reader costs only the buffer
 * of its socket.
 */
export abstract class LogReader implements ConnectionReader {
  readonly connection: Connection;
  /** The last `seq` that was sent or skipped. */
  protected position: number;
  /** Whether the reader has ended. */
  protected over = false;
  readonly #log: ReadableLog;
  #reading = false;

  constructor(connection: Connection, log: ReadableLog, after: number) {
    this.connection = connection;
    this.#log = log;
    this.position = after;
  }

  /** Whether everything was delivered, or the connection is gone. */
  get isOver(): boolean {
    return this.over;
  }

  onWritable(): void {
    this.pump();
  }

  abstract onDisconnected(): void;

  /** Delivers messages of the log as long as the socket accepts them. */
  pump(): void {
    // A delivery can publish new messages, for example if a leaving reader stops the run; the loop handles them.
    if (this.#reading) return;
    this.#reading = true;
    let later: Promise<readonly WireEntry[]> | undefined;
    try {
      while (this.hasMore && this.connection.isWritable) {
        const entries = this.#log.read(this.position);
        if (isLater(entries)) return void this.#pumpLater((later = entries));
        this.deliver(entries);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#reading = later !== undefined;
    }
    this.onPumped();
  }

  /** Whether the log has messages after the position. */
  protected get hasMore(): boolean {
    return !this.over && this.position < this.#log.published;
  }

  /** Sends entries as long as the connection is writable, and moves the position. */
  protected abstract deliver(entries: readonly WireEntry[]): void;

  /** Called when there is nothing more to deliver, or the connection is not writable. */
  protected onPumped(): void {
    // Overridden by readers that need to know.
  }

  /** Called with an error of the log, before the connection is closed. */
  protected abstract onFault(error: unknown): void;

  /** Closes the connection: otherwise the client would wait forever. */
  protected fail(error: unknown): void {
    if (this.over) return;
    this.onFault(error);
    this.connection.close(CLOSE_CODES.internal);
  }

  async #pumpLater(reading: Promise<readonly WireEntry[]>): Promise<void> {
    const { position } = this;
    try {
      const entries = await reading;
      // The position changed during the read: the entries belong to another position.
      if (position === this.position) this.deliver(entries);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#reading = false;
    }
    this.pump();
  }
}
