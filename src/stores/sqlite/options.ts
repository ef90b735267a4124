import { LOGGER, type LoggerOption } from '../../runtime/logger-option.js';
import type { OptionTable } from '../../runtime/option-table.js';
import { choice, delay, size, text } from '../../runtime/rule.js';
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
  /**
   * Size of all conversations together. In bytes; the owner that holds most loses those first that it has
   * not changed for the longest time, and last of all one that is larger by itself.
   * @default 8589934592
   */
  maxConversationBytes?: number | undefined;
  /**
   * Size of the conversations of one owner. In bytes; those not changed for the longest time go first.
   * @default 1073741824
   */
  maxOwnerConversationBytes?: number | undefined;
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
  maxConversationBytes: {
    text: 'Size of all conversations together.',
    rule: size(0),
    default: 8_589_934_592,
  },
  maxOwnerConversationBytes: {
    text: 'Size of the conversations of one owner.',
    rule: size(0),
    default: 1_073_741_824,
  },
  ...RETENTION_OPTIONS,
  logger: LOGGER,
} as const satisfies OptionTable<SqliteStoreOptions>;
