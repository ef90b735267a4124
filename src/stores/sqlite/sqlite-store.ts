import type { Awaitable } from '../../runtime/awaitable.js';
import type { Store } from '../../store/store.js';
import { ConversationBounds } from './conversation-bounds.js';
import { Copies } from './copies.js';
import type { OpenDatabase } from './open-database.js';
import { Retention, type RetentionSettings } from './retention.js';
import { Rotation, type RotationProgress } from './rotation.js';
import { SqliteConversationStore } from './sqlite-conversation-store.js';
import { SqliteRoomStore } from './sqlite-room-store.js';
import { SqliteRunStore } from './sqlite-run-store.js';
import { SqliteToolLedger } from './sqlite-tool-ledger.js';
import { WriteQueue } from './write-queue.js';

/** All stores of a server, in one database with one queue of writes. */
export class SqliteStore implements Store {
  readonly runs: SqliteRunStore;
  readonly ledger: SqliteToolLedger;
  readonly conversations: SqliteConversationStore;
  readonly rooms: SqliteRoomStore;
  readonly #queue: WriteQueue;
  readonly #retention: Retention;
  readonly #rotation: Rotation;
  readonly #copies: Copies;

  constructor({ database, epoch, ...source }: OpenDatabase, options: RetentionSettings) {
    this.#queue = new WriteQueue(database, options.logger);
    const bounds = new ConversationBounds(database, options);
    this.#retention = new Retention(database, options, bounds);
    this.#rotation = new Rotation(database, options.logger);
    this.#copies = new Copies(source, () => this.#queue.flush());
    this.runs = new SqliteRunStore(epoch, this.#queue, this.#retention, options.clock);
    this.ledger = new SqliteToolLedger(this.#queue);
    this.conversations = new SqliteConversationStore(this.#queue, bounds, options.clock);
    this.rooms = new SqliteRoomStore(this.#queue, options.clock);
  }

  get isWritable(): boolean {
    return !this.#queue.isFailing;
  }

  /** How far the content is encrypted with a new first key; `undefined` if nothing is left to do. */
  get rotation(): RotationProgress | undefined {
    return this.#rotation.progress;
  }

  /**
   * Copies everything that was written before the call, while the store goes on. The copy is a database like any other;
   * encrypted content stays encrypted. An earlier file with the name is replaced when the copy is whole. If a copy is
   * being made already, the next one begins after it.
   * @param path - the file of the copy, readable for its owner alone
   * @throws if the copy cannot be written, or would replace the database.
   */
  async backup(path: string): Promise<void> {
    await this.#copies.make(path);
  }

  /** Commits the waiting writes and closes the database: at once, or when a copy that is being made is whole. */
  close(): Awaitable<void> {
    this.#retention.close();
    this.#rotation.close();
    const copied = this.#copies.inProgress;
    return copied === undefined ? this.#queue.close() : this.#closeAfter(copied);
  }

  async #closeAfter(copied: Promise<void>): Promise<void> {
    try {
      this.#queue.end();
    } finally {
      await copied;
      this.#queue.close();
    }
  }
}
