import type { Store } from '../../store/store.js';
import { ConversationBounds } from './conversation-bounds.js';
import type { OpenDatabase } from './open-database.js';
import { Retention, type RetentionSettings } from './retention.js';
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

  constructor({ database, epoch }: OpenDatabase, options: RetentionSettings) {
    this.#queue = new WriteQueue(database, options.logger);
    const bounds = new ConversationBounds(database, options);
    this.#retention = new Retention(database, options, bounds);
    this.runs = new SqliteRunStore(epoch, this.#queue, this.#retention, options.clock);
    this.ledger = new SqliteToolLedger(this.#queue);
    this.conversations = new SqliteConversationStore(this.#queue, bounds, options.clock);
    this.rooms = new SqliteRoomStore(this.#queue, options.clock);
  }

  close(): void {
    this.#retention.close();
    this.#queue.close();
  }
}
