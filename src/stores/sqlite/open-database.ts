import { setTimeout as delay } from 'node:timers/promises';
import { Database } from './database.js';
import type { Driver } from './driver.js';
import { explain, isBusy } from './open-error.js';
import { checkOrigin, migrate } from './migrations.js';

/** How a database is opened. */
export interface OpenDatabaseOptions {
  readonly path: string;
  readonly durability: 'normal' | 'full';
  /** Milliseconds. */
  readonly waitMs: number;
}

/** An open database that belongs to this process alone. */
export interface OpenDatabase {
  readonly database: Database;
  readonly epoch: string;
}

/** Pause between two attempts to get a database of another process: at least so many milliseconds, at most twice that. */
const RETRY_MS = 25;

/** Pages in memory, in KiB: runs in progress each write to a place of their own. */
const CACHE_KIB = 16_384;

/** Pages of 4 KiB in the write-ahead log before they are moved: a busy page moves once for many writes. */
const CHECKPOINT_PAGES = 4_000;

/**
 * Opens a database and keeps everybody else out until it is closed or the process ends, however it ends.
 * @throws where that is not possible, with one sentence that names the file.
 */
export async function openDatabase(driver: Driver, options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const { path, waitMs } = options;
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      return open(driver, options);
    } catch (error) {
      if (!isBusy(error)) throw explain(error, path);
      if (performance.now() >= until) {
        throw new Error(`The database ${path} belongs to another process, which did not close it within ${waitMs} ms`, {
          cause: error,
        });
      }
    }
    // Two that start together would else meet again and again.
    await delay(RETRY_MS * (1 + Math.random()));
  }
}

function open(driver: Driver, { path, durability }: OpenDatabaseOptions): OpenDatabase {
  const database = new Database(new driver.DatabaseSync(path));
  let isOurs = false;
  try {
    // Before the first look into the file, so that what is locked stays locked, and no file of shared memory is made.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    checkOrigin(database, path);
    isOurs = true;
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    return { database, epoch: migrate(database) };
  } catch (error) {
    if (isOurs) database.close();
    else database.abandon();
    throw error;
  }
}
