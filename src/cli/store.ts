import type { Awaitable } from '../runtime/awaitable.js';
import { OptionError } from '../runtime/option-error.js';
import { pick } from '../runtime/option-table.js';
import type { Logger } from '../runtime/logger.js';
import { readStoreKeys } from '../stores/key-file.js';
import type { SqliteStore } from '../stores/sqlite.js';
import { checkCopy } from '../stores/sqlite/own-files.js';
import type { Store } from '../store/store.js';
import { CliError, systemReason } from './cli-error.js';
import { cannotReach, redisAccess, sayIfLate } from './redis.js';
import type { ResolvedSettings } from './settings.js';

const SQLITE = 'sqlite:';

/** Settings that bound what any store keeps. */
const BOUNDS = { retainMs: true, maxRetainedBytes: true, maxConversationBytes: true, maxOwnerConversationBytes: true };

/** The path of a SQLite database; `undefined` if the store is in memory. */
export function databaseOf(store: string): string | undefined {
  return store.startsWith(SQLITE) ? store.slice(SQLITE.length) : undefined;
}

/** The store that the operator chose; `undefined` for the server's default in memory. */
export async function openStore(resolved: ResolvedSettings, logger: Logger): Promise<Store | undefined> {
  const { settings, keyOf, isGiven } = resolved;
  const access = redisAccess(resolved);
  if (access === undefined) return openDatabase(resolved, logger);
  const useless = (['store', 'storeKeyFile', 'storeBackup'] as const).find(isGiven);
  if (useless !== undefined) {
    throw new CliError(`${keyOf(useless)}: the store is already ${keyOf('redis')}; leave one of them out`);
  }
  const { createRedisStore } = await import('../stores/redis.js');
  const { redisDurability: durability, beatMs, leaseMs } = settings;
  try {
    const options = { ...access, durability, beatMs, leaseMs, ...pick(settings, BOUNDS), logger };
    return await sayIfLate(access, logger, () => createRedisStore(options));
  } catch (error) {
    if (OptionError.isInstance(error)) throw error;
    throw cannotReach(keyOf('redis'), error);
  }
}

async function openDatabase({ settings, keyOf }: ResolvedSettings, logger: Logger): Promise<SqliteStore | undefined> {
  const { store, storeKeyFile, durability, storeBackup, ...rest } = settings;
  const path = databaseOf(store);
  if (path === undefined) {
    const useless = (['storeKeyFile', 'storeBackup'] as const).find((name) => settings[name] !== undefined);
    if (useless === undefined) return undefined;
    throw new CliError(`${keyOf(useless)}: the store is in memory; add --store sqlite:PATH`);
  }
  const { createSqliteStore } = await import('../stores/sqlite.js');
  const keys = readKeys(storeKeyFile, keyOf('storeKeyFile'));
  const options = { path, durability, keys, ...pick(rest, BOUNDS), logger };
  if (storeBackup !== undefined) await named(keyOf('storeBackup'), () => checkCopy(path, storeBackup));
  const opened = await named(keyOf('store'), () => createSqliteStore(options));
  if (storeBackup !== undefined) backUpOnSignal(opened, storeBackup, logger);
  return opened;
}

/** The keys of a file; `undefined` without a file. */
export function readKeys(file: string | undefined, key: string): readonly Uint8Array[] | undefined {
  if (file === undefined) return undefined;
  try {
    return readStoreKeys(file).keys;
  } catch (error) {
    const reason =
      error instanceof Error && !('code' in error) ? error.message : `"${file}" cannot be read: ${systemReason(error)}`;
    throw new CliError(`${key}: ${reason}`, { cause: error });
  }
}

async function named<T>(key: string, work: () => Awaitable<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CliError(`${key}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Copies the database to a file at each SIGUSR2. Windows has no such signal. */
function backUpOnSignal(store: SqliteStore, file: string, logger: Logger): void {
  let isRunning = false;
  const backUp = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    const began = performance.now();
    try {
      await store.backup(file);
      logger.info({ file, ms: Math.round(performance.now() - began) }, 'The database was copied');
    } catch (error) {
      logger.error({ file, err: error }, 'The database could not be copied');
    } finally {
      isRunning = false;
    }
  };
  if (process.platform !== 'win32') process.on('SIGUSR2', () => void backUp());
}
