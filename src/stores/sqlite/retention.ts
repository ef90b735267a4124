import type { Logger } from '../../runtime/logger.js';
import type { Checked } from '../../runtime/option-table.js';
import { runKey } from '../../store/run-key.js';
import type { RETENTION_OPTIONS, RetentionOptions } from '../retention-options.js';
import type { Database } from './database.js';
import { fromSql, toSql } from './sql-text.js';

/** Checked settings of the retention. */
export interface RetentionSettings extends Checked<RetentionOptions, typeof RETENTION_OPTIONS> {
  readonly logger: Logger;
}

/** Maximum time of one step, during which nothing else runs, in milliseconds. */
const STEP_MS = 5;
/** Pause before the next step, if one step was not enough, in milliseconds. */
const PAUSE_MS = 20;
/** Maximum number of entries that one statement deletes. */
const ENTRIES = 500;

/**
 * Deletes the logs of ended runs, and later their ids. A log is first marked as dropped; its entries are deleted in
 * steps, so that no step takes long.
 */
export class Retention {
  readonly #database: Database;
  readonly #options: RetentionSettings;
  /** Size of the stored logs of ended runs. */
  #bytes = 0;
  /** Number of ended runs whose logs are dropped. */
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, options: RetentionSettings) {
    this.#database = database;
    this.#options = options;
    this.#count();
  }

  /** Counts a run whose end is committed. */
  onEnded(bytes: number): void {
    this.#bytes += bytes;
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
    try {
      this.#database.transaction(() => {
        while (more && performance.now() < until) {
          more = this.#dropOldest() || this.#deleteEntries() || this.#forgetOldest();
        }
      });
    } catch (error) {
      // The step was rolled back.
      this.#count();
      throw error;
    }
    return more;
  }

  #dropOldest(): boolean {
    const { retainMs, maxRetainedBytes, clock } = this.#options;
    const oldest = this.#database.get(
      'SELECT n, ended_at, bytes FROM runs WHERE dropped = 0 AND ended_at IS NOT NULL ORDER BY ended_at, n LIMIT 1',
    );
    if (oldest === undefined) return false;
    if (Number(oldest['ended_at']) > clock() - retainMs && this.#bytes <= maxRetainedBytes) return false;
    this.#database.run('UPDATE runs SET dropped = 1 WHERE n = ?', Number(oldest['n']));
    this.#bytes -= Number(oldest['bytes']);
    this.#dropped++;
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
    const oldest = this.#database.get(
      'SELECT n, owner, id, ended_at FROM runs WHERE dropped = 2 ORDER BY ended_at, n LIMIT 1',
    );
    if (oldest === undefined) return false;
    if (Number(oldest['ended_at']) > clock() - rememberIdsMs && this.#dropped <= maxRememberedIds) return false;
    this.#database.run('DELETE FROM runs WHERE n = ?', Number(oldest['n']));
    const key = runKey(fromSql(oldest['owner']), fromSql(oldest['id']));
    this.#database.run('DELETE FROM tool_calls WHERE run_key = ?', toSql(key));
    this.#dropped--;
    return true;
  }

  #count(): void {
    this.#bytes = this.#database.number('SELECT sum(bytes) FROM runs WHERE dropped = 0 AND ended_at IS NOT NULL');
    this.#dropped = this.#database.number('SELECT count(*) FROM runs WHERE dropped > 0');
  }
}
