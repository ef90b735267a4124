import { LOGGER, type LoggerOption } from '../../runtime/logger-option.js';
import type { OptionTable } from '../../runtime/option-table.js';
import { choice, delay, text } from '../../runtime/rule.js';
import { RETENTION_OPTIONS, type RetentionOptions } from '../retention-options.js';

/** What `createSqliteStore` takes. */
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

/** Unnamed databases and databases in memory are refused: they would keep nothing. */
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
