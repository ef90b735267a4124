/** `agent-ws/sqlite`: keeps runs, tool calls and conversations in a SQLite database. */
import { checkKnownOptions } from '../runtime/check-known-options.js';
import { checkNumber, MAX_DELAY_MS } from '../runtime/check-number.js';
import { OptionError } from '../runtime/option-error.js';
import type { KnownOptions } from '../runtime/unknown-option.js';
import { checkLogger } from '../runtime/check-logger.js';
import type { Logger } from '../runtime/logger.js';
import { loadDriver } from './sqlite/driver.js';
import { openDatabase } from './sqlite/open-database.js';
import { explain } from './sqlite/open-error.js';
import { SqliteStore } from './sqlite/sqlite-store.js';

export type { Store } from '../store/store.js';
export type { SqliteStore } from './sqlite/sqlite-store.js';

/** What {@link createSqliteStore} takes. */
export interface SqliteStoreOptions {
  /** The file. It is made where it is not there; its directory is not. A second one lies beside it while it is open. */
  path: string;
  /**
   * What a commit survives: `normal` the end of the process, however it ends; `full` also a power loss, at the price
   * of waiting for the disk with each commit.
   * @default 'normal'
   */
  durability?: 'normal' | 'full' | undefined;
  /**
   * How long to wait for another process to close the database, in milliseconds.
   * @default 5000
   */
  waitMs?: number | undefined;
  /**
   * How long the log of an ended run can be read again, in milliseconds.
   * @default 300000
   */
  retainMs?: number | undefined;
  /**
   * Bytes of ended runs together; over it the oldest go first.
   * @default 134217728
   */
  maxRetainedBytes?: number | undefined;
  /**
   * How long the id of an ended run is refused, in milliseconds.
   * @default 86400000
   */
  rememberIdsMs?: number | undefined;
  /**
   * Ids of ended runs remembered; over it the oldest go first.
   * @default 100000
   */
  maxRememberedIds?: number | undefined;
  /** @default warnings and errors on the console; `false` for none */
  logger?: Logger | false | undefined;
  /** Unix milliseconds. @default Date.now */
  clock?: (() => number) | undefined;
}

const SQLITE_STORE_OPTIONS: KnownOptions<SqliteStoreOptions> = {
  path: true,
  durability: true,
  waitMs: true,
  retainMs: true,
  maxRetainedBytes: true,
  rememberIdsMs: true,
  maxRememberedIds: true,
  logger: true,
  clock: true,
};

/**
 * Opens the database, which then belongs to this process alone until the store is closed or the process ends.
 * What gathers in one turn of the event loop is committed together, and readers see it after that. Runs that a process
 * before this one did not finish are in `runs.unfinished()`.
 *
 * Needs Node 22.13 or later, or the package `@photostructure/sqlite`.
 * @throws OptionError where an option breaks its rule; an `Error` that names the file where it cannot be opened.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  checkKnownOptions(options, SQLITE_STORE_OPTIONS);
  const { path, durability = 'normal', waitMs = 5_000, clock = Date.now } = options;
  const { retainMs = 300_000, maxRetainedBytes = 134_217_728 } = options;
  const { rememberIdsMs = 86_400_000, maxRememberedIds = 100_000 } = options;
  checkPath(path);
  checkDurability(durability);
  if (typeof clock !== 'function') throw new OptionError('clock', 'a function', clock);
  checkNumber('waitMs', waitMs, { least: 0, most: MAX_DELAY_MS });
  const retention = {
    retainMs: checkNumber('retainMs', retainMs, { least: 0 }),
    maxRetainedBytes: checkNumber('maxRetainedBytes', maxRetainedBytes, { least: 0 }),
    rememberIdsMs: checkNumber('rememberIdsMs', rememberIdsMs, { least: 0 }),
    maxRememberedIds: checkNumber('maxRememberedIds', maxRememberedIds, { least: 0 }),
    logger: checkLogger(options.logger),
    clock,
  };
  const opened = await openDatabase(await loadDriver(), { path, durability, waitMs });
  try {
    return new SqliteStore(opened, retention);
  } catch (error) {
    opened.database.close();
    throw explain(error, path);
  }
}

/** An unnamed database and one in memory would lose what they are here to keep. */
function checkPath(path: unknown): void {
  if (typeof path !== 'string' || path === '' || path.startsWith(':') || path.includes('\0')) {
    throw new OptionError('path', 'the path of a file', path);
  }
}

function checkDurability(durability: unknown): void {
  if (durability !== 'normal' && durability !== 'full') {
    throw new OptionError('durability', '"normal" or "full"', durability);
  }
}
