/** `agent-ws/sqlite`: keeps runs, tool calls and conversations in a SQLite database. */
import { LOGGER, type LoggerOption } from '../runtime/logger-option.js';
import { checkOptions, type OptionTable } from '../runtime/option-table.js';
import { choice, delay, text } from '../runtime/rule.js';
import { RETENTION_OPTIONS, type RetentionOptions } from './retention-options.js';
import { loadDriver } from './sqlite/driver.js';
import { openDatabase } from './sqlite/open-database.js';
import { explain } from './sqlite/open-error.js';
import { SqliteStore } from './sqlite/sqlite-store.js';

export type { Store } from '../store/store.js';
export type { SqliteStore } from './sqlite/sqlite-store.js';

/** What {@link createSqliteStore} takes. */
export interface SqliteStoreOptions extends RetentionOptions, LoggerOption {
  /** The file. It is made if it is not there; its directory is not. A second one lies beside it while it is open. */
  path: string;
  /**
   * What a commit survives: `normal`, any end of the process; `full`, a power loss as well, and waits for the disk.
   * @default 'normal'
   */
  durability?: 'normal' | 'full' | undefined;
  /**
   * How long to wait for another process to close the database. In milliseconds.
   * @default 5000
   */
  waitMs?: number | undefined;
}

/** An unnamed database and one in memory would lose what they are here to keep. */
const file = text('the path of a file', (path) => path !== '' && !path.startsWith(':') && !path.includes('\0'));

export const SQLITE_STORE_OPTIONS = {
  path: { text: 'The file.', rule: file, required: true },
  durability: {
    text: 'What a commit survives: `normal`, any end of the process; `full`, a power loss as well, and waits for the disk.',
    rule: choice('normal', 'full'),
    default: 'normal',
  },
  waitMs: {
    text: 'How long to wait for another process to close the database.',
    rule: delay(0),
    default: 5_000,
  },
  ...RETENTION_OPTIONS,
  logger: LOGGER,
} as const satisfies OptionTable<SqliteStoreOptions>;

/**
 * Opens the database, which then belongs to this process alone until the store is closed or the process ends.
 * What gathers in one turn of the event loop is committed together, and readers see it after that. Runs that a process
 * before this one did not finish are in `runs.unfinished()`.
 *
 * Needs Node 22.13 or later, or the package `@photostructure/sqlite`.
 * @throws OptionError where an option breaks its rule; an `Error` that names the file where it cannot be opened.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path, durability, waitMs, ...retention } = checkOptions(options, SQLITE_STORE_OPTIONS);
  const opened = await openDatabase(await loadDriver(), { path, durability, waitMs });
  try {
    return new SqliteStore(opened, retention);
  } catch (error) {
    opened.database.close();
    throw explain(error, path);
  }
}
