import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { loadDriver } from '../stores/sqlite/driver.js';
import { checkDatabase, compactDatabase, exportDatabase } from '../stores/sqlite/maintenance.js';
import { openDatabase, type OpenDatabase } from '../stores/sqlite/open-database.js';
import { CliError, systemReason } from './cli-error.js';
import { isOpenToAll, OPEN_SECRET } from './setting-file.js';
import { SETTINGS } from './settings-table.js';
import { databaseOf, readKeys } from './store.js';
import type { Screen, Surroundings } from './surroundings.js';

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
export async function store(action: StoreAction, flags: StoreFlags, surroundings: Surroundings): Promise<void> {
  const path = databaseOf(flags.place) ?? flags.place;
  if (!existsSync(path)) throw new CliError(`"${path}": no such file`);
  const opened = await open(path, action, flags, surroundings);
  try {
    await ACTIONS[action](opened, surroundings.stdout);
  } finally {
    opened.database.close();
  }
}

const ACTIONS: Readonly<Record<StoreAction, (opened: OpenDatabase, stdout: Screen) => void | Promise<void>>> = {
  check: ({ database }, stdout) => {
    const { problems, counts, shrinksByItself, keys } = checkDatabase(database);
    write(stdout, {
      isSound: problems.length === 0,
      ...counts,
      shrinksByItself,
      keys,
      ...(problems.length > 0 && { problems }),
    });
    if (problems.length > 0) throw new CliError('The database is broken: restore a backup, or export what can be read');
  },
  compact: ({ database }, stdout) => {
    const size = (): number => database.number('PRAGMA page_size') * database.number('PRAGMA page_count');
    const before = size();
    compactDatabase(database);
    write(stdout, { bytesBefore: before, bytesAfter: size() });
  },
  export: async ({ database, epoch }, stdout) => {
    for (const line of exportDatabase(database, epoch)) {
      if (stdout.destroyed) return;
      try {
        if (!write(stdout, line)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]);
      } catch (error) {
        // A reader that left, such as `head`, wants no more.
        if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
        throw new CliError(`Standard output cannot be written: ${systemReason(error)}`, { cause: error });
      }
    }
  },
};

async function open(
  path: string,
  action: StoreAction,
  flags: StoreFlags,
  { env: environment, stderr }: Surroundings,
): Promise<OpenDatabase> {
  const { flag = '', env } = SETTINGS.storeKeyFile;
  const isExport = action === 'export';
  const file = flags.storeKeyFile ?? (environment[env] === '' ? undefined : environment[env]);
  const keys = isExport ? readKeys(file, flags.storeKeyFile === undefined ? env : flag) : undefined;
  // Standard output is for the export.
  if (keys !== undefined && file !== undefined && isOpenToAll(file)) stderr.write(`${file}: ${OPEN_SECRET}\n`);
  try {
    const options = { path, durability: 'full', waitMs: 1_000, keys, skipsContent: !isExport } as const;
    return await openDatabase(await loadDriver(), options);
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function write(stdout: Screen, line: object): boolean {
  return stdout.write(`${JSON.stringify(line)}\n`);
}
