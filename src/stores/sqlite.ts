/** `agent-ws/sqlite`: keeps runs, tool calls and conversations in a SQLite database. */
import { checkOptions } from '../runtime/option-table.js';
import { loadDriver } from './sqlite/driver.js';
import { openDatabase } from './sqlite/open-database.js';
import { explain } from './sqlite/open-error.js';
import { SQLITE_STORE_OPTIONS, type SqliteStoreOptions } from './sqlite/options.js';
import { SqliteStore } from './sqlite/sqlite-store.js';

export type { Store } from '../store/store.js';
export { readStoreKeys, type StoreKeys } from './key-file.js';
export type { RotationProgress } from './sqlite/rotation.js';
export type { SqliteStoreOptions } from './sqlite/options.js';
export type { SqliteStore } from './sqlite/sqlite-store.js';

/**
 * Opens the database, which then belongs to this process alone until the store is closed or the process ends. Writes of
 * one turn of the event loop are committed together, and readers see them after the commit. `runs.unfinished()` gives
 * the runs that an earlier process did not finish.
 *
 * Needs Node 22.13 or later, or the package `@photostructure/sqlite`.
 * @throws OptionError if an option breaks its rule; an `Error` that names the file if it cannot be opened.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path, durability, waitMs, keys, ...retention } = checkOptions(options, SQLITE_STORE_OPTIONS);
  const opened = await openDatabase(await loadDriver(), { path, durability, waitMs, keys });
  try {
    return new SqliteStore(opened, retention);
  } catch (error) {
    opened.database.close();
    throw explain(error, path);
  }
}
