import { setTimeout as delay } from 'node:timers/promises';
import { createPrivateFile, restrictFile } from '../private-file.js';
import { Database } from './database.js';
import type { Driver } from './driver.js';
import { explain, isBusy } from './open-error.js';
import { checkOrigin, migrate } from './migrations.js';
import { useKeys } from './use-keys.js';

/** How a database is opened. */
export interface OpenDatabaseOptions {
  readonly path: string;
  readonly durability: 'normal' | 'full';
  /** How long to wait for another process to close the database, in milliseconds. */
  readonly waitMs: number;
  /** Keys of the content: the first encrypts, all decrypt. Absent if the content is not encrypted. */
  readonly keys?: readonly Uint8Array[] | undefined;
  /** Whether content is neither read nor written, so that no key is needed. */
  readonly skipsContent?: boolean;
}

/** An open database that belongs to this process alone. */
export interface OpenDatabase {
  readonly database: Database;
  readonly epoch: string;
  /** The file, as SQLite names it. */
  readonly path: string;
  /** Copies the committed database to another file. */
  readonly backup: (path: string) => Promise<void>;
}

/**
 * Pause between two attempts to open a database that another process has: this many milliseconds, at most twice as
 * many.
 */
const RETRY_MS = 25;

/** Page cache in KiB. It is large because each run in progress writes to pages of its own. */
const CACHE_KIB = 16_384;

/**
 * Pages of 4 KiB in the write-ahead log before they are moved into the file: a busy page moves once for many writes.
 */
const CHECKPOINT_PAGES = 4_000;

/** Pages that one step of a backup copies. */
const BACKUP_PAGES = 100;

/**
 * Opens a database and locks it for this process until it is closed or the process ends.
 * @throws an `Error` that names the file if that is not possible.
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
    // The random part keeps two processes that start together from colliding again and again.
    await delay(RETRY_MS * (1 + Math.random()));
  }
}

function open(driver: Driver, { path, durability, keys, skipsContent = false }: OpenDatabaseOptions): OpenDatabase {
  // SQLite gives its second file the access of the first.
  createPrivateFile(path);
  const connection = new driver.DatabaseSync(path);
  const database = new Database(connection);
  let isOurs = false;
  try {
    // Set before the first read, so that every lock stays held and SQLite needs no file of shared memory.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    checkOrigin(database, path);
    isOurs = true;
    for (const suffix of ['', '-wal', '-shm']) restrictFile(path + suffix);
    // Has an effect only while the file is empty: `agent-ws store compact` changes it later.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // After a large transaction the second file would keep its size.
    database.exec(`PRAGMA journal_size_limit = ${CHECKPOINT_PAGES * 4_096}`);
    const epoch = migrate(database);
    if (!skipsContent) useKeys(database, path, epoch, keys);
    const backup = async (to: string): Promise<void> => {
      if (driver.backup === undefined) database.run('VACUUM INTO ?', to);
      else await driver.backup(connection, to, { rate: BACKUP_PAGES });
    };
    const file = String(database.get('PRAGMA database_list')?.['file']);
    return { database, epoch, path: file, backup };
  } catch (error) {
    if (isOurs) database.close();
    else database.abandon();
    throw error;
  }
}
