import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { Logger } from '../../runtime/logger.js';
import type { ConversationKey } from '../../store/conversation-store.js';
import type { Database } from './database.js';
import { isRefusal } from './open-error.js';

/** One write to the database. */
export interface Write {
  /** Memory that the write takes while it waits, roughly. */
  readonly bytes: number;
  /** The conversation that the write changes. */
  readonly conversation?: ConversationKey;
  /**
   * Whether the write can be left out if it breaks a rule of the database, since no later write needs it. Any other write
   * is tried again for ever, and so are all that follow it.
   */
  readonly standsAlone?: boolean;
  /** Called within a transaction, and again if the transaction failed and was rolled back. */
  apply(database: Database): void;
  /** Called right after the commit. It must not wake readers. */
  committed?(): unknown;
  /** Called after the commit in a later turn of the event loop. It wakes readers. */
  publish?(): void;
}

/** Maximum bytes of waiting writes while the database fails. */
const MAX_WAITING_BYTES = 16_777_216;

/** Pause between two attempts while the database fails, in milliseconds: doubled from the first to the last value. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1_000;

/** What must fit before a database that failed counts as writable again. */
const PROBE_BYTES = 131_072;

/**
 * Writes in order: the writes of one turn of the event loop are one transaction. Nothing is published before it is
 * committed. While the database fails, all writes wait.
 */
export class WriteQueue {
  readonly database: Database;
  readonly #logger: Logger;
  #waiting: Write[] = [];
  #waitingBytes = 0;
  /** Committed writes that are not published yet. */
  #committed: Write[] = [];
  /** Why writes were left out. */
  readonly #leftOut = new WeakMap<Write, unknown>();
  #publishing = false;
  #immediate: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** The current failure of the database; `undefined` while writes succeed. */
  #failure: unknown;
  #retryMs = 0;
  #retryAt = 0;
  #closed = false;

  constructor(database: Database, logger: Logger) {
    this.database = database;
    this.#logger = logger;
  }

  /** Whether the last attempt to write failed. */
  get isFailing(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether changes of a conversation, or of any conversation of an owner, wait to be written. */
  isWaitingFor({ owner, id }: Pick<ConversationKey, 'owner'> & Partial<ConversationKey>): boolean {
    return this.#waiting.some(({ conversation: key }) => key?.owner === owner && (id === undefined || key.id === id));
  }

  /** @throws if the store is closed. */
  push(write: Write): void {
    this.#checkOpen();
    this.#waiting.push(write);
    this.#waitingBytes += write.bytes;
    if (this.#retry === undefined) this.#immediate ??= setImmediate(() => this.#tick());
  }

  /**
   * Adds a write that may be refused, for writes of which there may be any number.
   * @throws also if the limit of waiting writes is reached and nothing can be written.
   */
  pushBounded(write: Write): void {
    if (this.#waitingBytes + write.bytes > MAX_WAITING_BYTES) this.flush();
    this.push(write);
  }

  /**
   * Commits a write together with all earlier writes. If that fails, the write is taken back.
   * @throws if nothing can be written, or if the write was left out.
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
    if (this.#leftOut.has(write)) throw this.#leftOut.get(write);
  }

  /**
   * Commits the waiting writes at once. They are published a moment later, so that no reader is woken within the call.
   * @throws if nothing can be written.
   */
  flush(): void {
    this.#checkOpen();
    if (this.#failure !== undefined && performance.now() < this.#retryAt) throw unwritable(this.#failure);
    this.#commit();
  }

  /** Commits the waiting writes; `false` in an outage, which is reported once: nothing can be deleted before its end. */
  flushIfWritable(): boolean {
    try {
      this.flush();
    } catch (error) {
      if (!this.isFailing) throw error;
    }
    return !this.isFailing;
  }

  /**
   * Commits and publishes the waiting writes, and takes no others.
   * @throws if nothing can be written.
   */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#immediate);
    clearTimeout(this.#retry);
    this.#commit();
    this.#publish();
  }

  /** Ends, and closes the database, even if the writes fail. */
  close(): void {
    try {
      this.end();
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
    if (writes.length === 0 && this.#failure === undefined) return;
    try {
      if (writes.length === 0) probe(this.database);
      else this.#apply(writes);
    } catch (error) {
      this.#onFailed(error);
      throw unwritable(error);
    }
    this.#onCommitted();
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const write of writes) {
      if (this.#leftOut.has(write)) {
        this.#logger.error({ err: this.#leftOut.get(write) }, 'The database refuses a change, which is left out');
        continue;
      }
      write.committed?.();
      if (write.publish !== undefined) this.#committed.push(write);
    }
  }

  #apply(writes: readonly Write[]): void {
    try {
      this.database.transaction(() => {
        for (const write of writes) write.apply(this.database);
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.database.transaction(() => {
        for (const write of writes) this.#applyAlone(write);
      });
    }
  }

  /** Applies a write within a transaction, or none of it. */
  #applyAlone(write: Write): void {
    try {
      this.#leftOut.delete(write);
      this.database.savepoint(() => write.apply(this.database));
    } catch (error) {
      if (write.standsAlone !== true || !isRefusal(error)) throw error;
      this.#leftOut.set(write, error);
    }
  }

  /** A reader that is woken may write and flush: such writes are published after those committed before. */
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

/** Writes something and takes it away again. */
function probe(database: Database): void {
  database.run('INSERT INTO probe VALUES (zeroblob(?))', PROBE_BYTES);
  database.run('DELETE FROM probe');
}

function unwritable(cause: unknown): AgentSocketError {
  return new AgentSocketError('store_unavailable', 'The database cannot be written', { cause });
}
