import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { loadDriver } from '../stores/sqlite/driver.js';
import { checkDatabase, compactDatabase, exportDatabase } from '../stores/sqlite/maintenance.js';
import { openDatabase, type OpenDatabase } from '../stores/sqlite/open-database.js';
import { CliError, systemReason } from './cli-error.js';
import { isOpenToAll, OPEN_SECRET } from './setting-file.js';
import { SETTINGS } from './settings-table.js';
import { databaseOf, readKeys } from './store.js';

/** What `agent-ws store` can do. */
export type StoreAction = 'check' | 'compact' | 'export';

/** The arguments of `agent-ws store`. */
export interface StoreFlags {
  /** `sqlite:PATH`, or the path alone. */
  readonly place: string;
  /** The file with the keys, for `export`. */
  readonly storeKeyFile?: string;
}

/**
 * `agent-ws store check|compact|export`: works on a database that no process has open.
 * @throws CliError if the database cannot be opened, or is broken
 */
export async function store(action: StoreAction, flags: StoreFlags): Promise<void> {
  const path = databaseOf(flags.place) ?? flags.place;
  if (!existsSync(path)) throw new CliError(`"${path}": no such file`);
  const opened = await open(path, action, flags);
  try {
    await ACTIONS[action](opened);
  } finally {
    opened.database.close();
  }
}

const ACTIONS: Readonly<Record<StoreAction, (opened: OpenDatabase) => void | Promise<void>>> = {
  check: ({ database }) => {
    const { problems, counts, shrinksByItself, keys } = checkDatabase(database);
    write({
      isSound: problems.length === 0,
      ...counts,
      shrinksByItself,
      keys,
      ...(problems.length > 0 && { problems }),
    });
    if (problems.length > 0) throw new CliError('The database is broken: restore a backup, or export what can be read');
  },
  compact: ({ database }) => {
    const size = (): number => database.number('PRAGMA page_size') * database.number('PRAGMA page_count');
    const before = size();
    compactDatabase(database);
    write({ bytesBefore: before, bytesAfter: size() });
  },
  export: async ({ database, epoch }) => {
    for (const line of exportDatabase(database, epoch)) {
      if (process.stdout.destroyed) return;
      try {
        if (!write(line)) await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]);
      } catch (error) {
        // A reader that left, such as `head`, wants no more.
        if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
        throw new CliError(`Standard output cannot be written: ${systemReason(error)}`, { cause: error });
      }
    }
  },
};

async function open(path: string, action: StoreAction, flags: StoreFlags): Promise<OpenDatabase> {
  const { flag = '', env } = SETTINGS.storeKeyFile;
  const isExport = action === 'export';
  const file = flags.storeKeyFile ?? (process.env[env] === '' ? undefined : process.env[env]);
  const keys = isExport ? readKeys(file, flags.storeKeyFile === undefined ? env : flag) : undefined;
  // Standard output is for the export.
  if (keys !== undefined && file !== undefined && isOpenToAll(file)) process.stderr.write(`${file}: ${OPEN_SECRET}\n`);
  try {
    const options = { path, durability: 'full', waitMs: 1_000, keys, skipsContent: !isExport } as const;
    return await openDatabase(await loadDriver(), options);
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function write(line: object): boolean {
  return process.stdout.write(`${JSON.stringify(line)}\n`);
}
