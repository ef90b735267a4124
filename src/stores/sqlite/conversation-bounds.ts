import type { Database } from './database.js';
import type { SqlValue } from './driver.js';
import { StoredShares } from './stored-shares.js';

/** Bytes that a conversation and a message take besides their text: the rows, and their places in the indexes. */
export const CONVERSATION_BYTES = 300;
export const MESSAGE_BYTES = 150;

/** Conversations that one write removes at most, so that no write takes long when a bound was made smaller. */
const MAX_REMOVED = 100;
/** Messages that one statement deletes at most. */
const MAX_DELETED = 20;
/** Bytes that each write deletes besides twice what it adds, so that deleting keeps up with any flood. */
const DELETED_BYTES = 20_000;

/** What is kept of conversations. */
export interface ConversationBoundsSettings {
  readonly maxConversationBytes: number;
  readonly maxOwnerConversationBytes: number;
}

/**
 * Bounds what conversations take. A removed conversation is gone at once; the rows of its messages are deleted in steps.
 * All methods are called within a transaction.
 */
export class ConversationBounds {
  readonly #database: Database;
  readonly #settings: ConversationBoundsSettings;
  readonly #shares: StoredShares;

  constructor(database: Database, settings: ConversationBoundsSettings) {
    this.#database = database;
    this.#settings = settings;
    this.#shares = new StoredShares(database, 'conversations');
  }

  /** Counts what was added to a conversation, and removes what is over a bound. */
  charge(n: number, bytes: number): void {
    const counted = 'UPDATE conversations SET bytes = bytes + ? WHERE n = ? RETURNING payer';
    const payer = this.#database.get(counted, bytes, n)?.['payer'] ?? null;
    this.#shares.add(payer, bytes);
    let removed = 0;
    while (this.#shares.of(payer) > this.#settings.maxOwnerConversationBytes && removed < MAX_REMOVED) {
      this.#removeOldest(payer);
      removed++;
    }
    while (removed < MAX_REMOVED && this.removeOne()) removed++;
    let owed = 2 * bytes + DELETED_BYTES;
    for (let deleted = 1; owed > 0 && deleted > 0; owed -= deleted) deleted = this.deleteRows();
  }

  /** Removes the oldest conversation of whoever holds most, if all conversations take too much. */
  removeOne(): boolean {
    const largest = this.#shares.total > this.#settings.maxConversationBytes ? this.#shares.largest : undefined;
    if (largest === undefined) return false;
    this.#removeOldest(largest);
    return true;
  }

  /** Removes a conversation. */
  remove(n: number): void {
    const removed = this.#database.get('DELETE FROM conversations WHERE n = ? RETURNING payer, bytes', n);
    if (removed === undefined) return;
    this.#shares.add(removed['payer'] ?? null, -Number(removed['bytes']));
    this.#database.run('INSERT INTO removed_conversations VALUES (?)', n);
  }

  /**
   * Deletes rows of a removed conversation, at most 20 messages and one attachment. Returns their size, at least 1;
   * 0 if there is nothing to delete.
   */
  deleteRows(): number {
    const database = this.#database;
    const n = database.number('SELECT n FROM removed_conversations LIMIT 1');
    if (n === 0) return 0;
    const messages = database.get(
      `SELECT count(*) AS count, max(n) AS last, sum(octet_length(body)) AS bytes
      FROM (SELECT n, body FROM messages WHERE conversation = ? ORDER BY n LIMIT ?)`,
      n,
      MAX_DELETED,
    );
    const attachment = database.get(
      'SELECT n, octet_length(bytes) AS bytes FROM attachments WHERE conversation = ? LIMIT 1',
      n,
    );
    const count = Number(messages?.['count']);
    if (count > 0) {
      database.run('DELETE FROM messages WHERE conversation = ? AND n <= ?', n, Number(messages?.['last']));
    }
    if (attachment !== undefined) database.run('DELETE FROM attachments WHERE n = ?', Number(attachment['n']));
    else if (count < MAX_DELETED) database.run('DELETE FROM removed_conversations WHERE n = ?', n);
    return 1 + count * MESSAGE_BYTES + Number(messages?.['bytes'] ?? 0) + Number(attachment?.['bytes'] ?? 0);
  }

  #removeOldest(payer: SqlValue): void {
    const oldest = this.#database.number('SELECT n FROM conversations WHERE payer = ? ORDER BY used LIMIT 1', payer);
    if (oldest === 0) this.#shares.clear(payer);
    else this.remove(oldest);
  }
}
