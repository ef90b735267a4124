import { pick } from '../runtime/option-table.js';
import type { Logger } from '../runtime/logger.js';
import type { Store } from '../store/store.js';
import { createSqliteStore } from '../stores/sqlite.js';
import { CliError } from './cli-error.js';
import type { ResolvedSettings } from './settings.js';

const SQLITE = 'sqlite:';

/** Settings that bound what any store keeps. */
const BOUNDS = { retainMs: true, maxRetainedBytes: true, maxConversationBytes: true, maxOwnerConversationBytes: true };

/** The store that the operator chose; `undefined` for the server's default in memory. */
export async function openStore({ settings, keyOf }: ResolvedSettings, logger: Logger): Promise<Store | undefined> {
  const { store, durability, ...rest } = settings;
  if (!store.startsWith(SQLITE)) return undefined;
  const path = store.slice(SQLITE.length);
  try {
    return await createSqliteStore({ path, durability, ...pick(rest, BOUNDS), logger });
  } catch (error) {
    throw new CliError(`${keyOf('store')}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
