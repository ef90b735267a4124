import type { Logger } from '../../runtime/logger.js';
import type { Database } from './database.js';

/** Something to be written. */
export interface Write {
  /** What it takes while it waits, roughly. */
  readonly bytes: number;
  /** Called within a transaction; again where that failed and was rolled back. */
  apply(database: Database): void;
  /** Called when it is committed, at once. It wakes nobody. */
  committed?(): void;
  /** Called after that, in a turn of its own: readers are woken here. */
  publish?(): void;
}

/** What may wait while the database takes nothing, in bytes. */
const MAX_WAITING_BYTES = 16_777_216;

/** Between two attempts while the database takes nothing, in milliseconds: doubled from the first to the last. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;

/**
 * Writes in order: what gathers in one turn of the event loop is one transaction. Nothing is published before it is
 * committed; where the database takes nothing, it all waits.
 */
export class WriteQueue {
  readonly database: Database;
  readonly #logger: Logger;
  #waiting: Write[] = [];
  #waitingBytes = 0;
  /** Committed, and still to be published. */
  #committed: Write[] = [];
  #publishing = false;
  #immediate: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Why nothing can be written, while that is so. */
  #failure: unknown;
  #retryMs = 0;
  #retryAt = 0;
  #closed = false;

  constructor(database: Database, logger: Logger) {
    this.database = database;
    this.#logger = logger;
  }

  /** @throws where the store is closed. */
  push(write: Write): void {
    this.#checkOpen();
    this.#waiting.push(write);
    this.#waitingBytes += write.bytes;
    if (this.#retry === undefined) this.#immediate ??= setImmediate(() => this.#tick());
  }

  /**
   * The same for writes that can be refused, of which there may be any number.
   * @throws also where as much is waiting as may.
   */
  pushBounded(write: Write): void {
    if (this.#waitingBytes + write.bytes > MAX_WAITING_BYTES) this.flush();
    this.push(write);
  }

  /**
   * Commits a write together with all before it; where that is not possible the write is taken back.
   * @throws where nothing can be written.
   */
  pushNow(write: Write): void {
    this.push(write);
    try {
      this.flush();
    } catch (error) {
      if (this.#waiting.at(-1) === write) {
        this.#waiting.pop();
        this.#waitingBytes -= write.bytes;
      }
      throw error;
    }
  }

  /**
   * Commits what is waiting, at once. It is published a moment later, so that nobody is woken within the call.
   * @throws where nothing can be written.
   */
  flush(): void {
    this.#checkOpen();
    if (this.#failure !== undefined && performance.now() < this.#retryAt) throw unwritable(this.#failure);
    this.#commit();
  }

  /** Commits and publishes what is left and closes the database, whatever comes of that. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#immediate);
    clearTimeout(this.#retry);
    try {
      this.#commit();
      this.#publish();
    } finally {
      this.database.close();
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('The store is closed');
  }

  #tick(): void {
    this.#immediate = undefined;
    this.#retry = undefined;
    try {
      this.flush();
    } catch {
      this.#retry = setTimeout(() => this.#tick(), Math.max(1, this.#retryAt - performance.now()));
    }
    this.#publish();
  }

  #commit(): void {
    const writes = this.#waiting;
    if (writes.length === 0) return;
    try {
      this.database.transaction(() => {
        for (const write of writes) write.apply(this.database);
      });
    } catch (error) {
      this.#onFailed(error);
      throw unwritable(error);
    }
    this.#onCommitted();
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const write of writes) {
      write.committed?.();
      if (write.publish !== undefined) this.#committed.push(write);
    }
  }

  /** Whoever is woken may write and flush again: what that commits comes after what is committed already. */
  #publish(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    while (this.#committed.length > 0) {
      const writes = this.#committed;
      this.#committed = [];
      for (const write of writes) {
        try {
          write.publish?.();
        } catch (error) {
          this.#logger.error({ err: error }, 'A reader failed when it was woken');
        }
      }
    }
    this.#publishing = false;
  }

  #onFailed(error: unknown): void {
    if (this.#failure === undefined) {
      this.#logger.error({ err: error }, 'The database cannot be written: what it should hold waits in memory');
    }
    this.#failure = error;
    this.#retryMs = Math.min(Math.max(FIRST_RETRY_MS, this.#retryMs * 2), LAST_RETRY_MS);
    this.#retryAt = performance.now() + this.#retryMs;
  }

  #onCommitted(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#retryMs = 0;
    this.#logger.info({}, 'The database can be written again, and nothing was lost');
  }
}

function unwritable(cause: unknown): Error {
  return new Error('The database cannot be written', { cause });
}
