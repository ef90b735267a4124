import type { Logger } from '../../runtime/logger.js';
import type { Checked } from '../../runtime/option-table.js';
import { runKey } from '../../store/run-key.js';
import type { RETENTION_OPTIONS, RetentionOptions } from '../retention-options.js';
import { ConversationBounds, type ConversationBoundsSettings } from './conversation-bounds.js';
import type { Database, Row } from './database.js';
import { fromSql, toSql } from './sql-text.js';
import { StoredShares } from './stored-shares.js';

/** Checked settings of the retention. */
export interface RetentionSettings
  extends Checked<RetentionOptions, typeof RETENTION_OPTIONS>, ConversationBoundsSettings {
  readonly logger: Logger;
}

/** Maximum time of one step, during which nothing else runs, in milliseconds. */
const STEP_MS = 5;
/** Pause before the next step, if one step was not enough, in milliseconds. */
const PAUSE_MS = 20;
/** Maximum number of entries that one statement deletes. */
const ENTRIES = 500;
/** The value of `PRAGMA auto_vacuum` of a file whose free pages can be given back in steps. */
export const INCREMENTAL = 2;
/** Free pages that stay in the file for what is written next, 4 MiB. */
const SPARE_PAGES = 1_024;
/** Pages that one statement gives back to the file system. */
const FREED_PAGES = 64;

/**
 * Deletes the logs of ended runs, and later their ids, and the rows of removed conversations, and gives free pages back to
 * the file system. A log is first marked as dropped; its entries are deleted in steps, so that no step takes long. Over a
 * bound, the owner that holds most loses its oldest.
 */
export class Retention {
  readonly #database: Database;
  readonly #options: RetentionSettings;
  readonly #conversations: ConversationBounds;
  /** Sizes of the stored logs of ended runs. */
  readonly #logs: StoredShares;
  /** Numbers of ended runs whose logs are dropped. */
  readonly #ids: StoredShares;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, options: RetentionSettings, conversations: ConversationBounds) {
    this.#database = database;
    this.#options = options;
    this.#conversations = conversations;
    this.#logs = new StoredShares(database, 'logs');
    this.#ids = new StoredShares(database, 'ids');
  }

  /** Counts a run within the transaction that ends it. */
  onEnded(payer: string, bytes: number): void {
    this.#logs.add(toSql(payer), bytes);
  }

  /** Takes one step now, and more later if one is not enough. */
  expire(): void {
    clearTimeout(this.#timer);
    if (!this.#step()) return;
    this.#timer = setTimeout(() => this.#goOn(), PAUSE_MS);
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #goOn(): void {
    try {
      this.expire();
    } catch (error) {
      // The next call tries again.
      this.#options.logger.warn({ err: error }, 'What is too old could not be deleted');
    }
  }

  /** Takes one step. Returns whether there is more to do. */
  #step(): boolean {
    const until = performance.now() + STEP_MS;
    let more = true;
    this.#database.transaction(() => {
      while (more && performance.now() < until) {
        more =
          this.#dropOldest() ||
          this.#deleteEntries() ||
          this.#forgetOldest() ||
          this.#conversations.removeOne() ||
          this.#conversations.deleteRows() > 0;
      }
    });
    // Vacuums in transactions of its own: a page takes some microseconds.
    while (!more && performance.now() < until && this.#freePages()) more = performance.now() >= until;
    return more;
  }

  #dropOldest(): boolean {
    const { retainMs, maxRetainedBytes, clock } = this.#options;
    const oldest = this.#oldest(0, clock() - retainMs, this.#logs, maxRetainedBytes);
    if (oldest === undefined) return false;
    const { n, payer = null, bytes } = oldest;
    this.#database.run('UPDATE runs SET dropped = 1 WHERE n = ?', Number(n));
    this.#logs.add(payer, -Number(bytes));
    this.#ids.add(payer, 1);
    return true;
  }

  #deleteEntries(): boolean {
    const dropped = this.#database.get('SELECT n FROM runs WHERE dropped = 1 LIMIT 1');
    if (dropped === undefined) return false;
    const run = Number(dropped['n']);
    const first = this.#database.number('SELECT min(seq) FROM entries WHERE run = ?', run);
    if (first === 0) this.#database.run('UPDATE runs SET dropped = 2 WHERE n = ?', run);
    else this.#database.run('DELETE FROM entries WHERE run = ? AND seq < ?', run, first + ENTRIES);
    return true;
  }

  #forgetOldest(): boolean {
    const { rememberIdsMs, maxRememberedIds, clock } = this.#options;
    const oldest = this.#oldest(2, clock() - rememberIdsMs, this.#ids, maxRememberedIds);
    if (oldest === undefined) return false;
    const { n, owner = null, id, payer = null } = oldest;
    this.#database.run('DELETE FROM runs WHERE n = ?', Number(n));
    this.#database.run('DELETE FROM tool_calls WHERE run_key = ?', toSql(runKey(fromSql(owner), fromSql(id))));
    this.#ids.add(payer, -1);
    return true;
  }

  /** The run that has to go next: one that ended at or before `time`, or one of the owner that holds most of too much. */
  #oldest(dropped: 0 | 2, time: number, shares: StoredShares, most: number): Row | undefined {
    const columns = 'SELECT n, owner, id, payer, ended_at, bytes FROM runs';
    const past = this.#database.get(
      `${columns} WHERE dropped = ? AND ended_at <= ? ORDER BY ended_at, n LIMIT 1`,
      dropped,
      time,
    );
    const payer = past === undefined && shares.total > most ? shares.largest : undefined;
    if (payer === undefined) return past;
    const of = `${columns} WHERE payer = ? AND dropped = ? AND ended_at IS NOT NULL ORDER BY ended_at, n LIMIT 1`;
    return this.#database.get(of, payer, dropped);
  }

  /** Makes the file smaller by a few pages. Returns whether it can be made smaller still. */
  #freePages(): boolean {
    if (this.#database.number('PRAGMA auto_vacuum') !== INCREMENTAL) return false;
    if (this.#database.number('PRAGMA freelist_count') <= SPARE_PAGES) return false;
    this.#database.exec(`PRAGMA incremental_vacuum(${FREED_PAGES})`);
    return true;
  }
}
