import { LOGGER, type LoggerOption } from '../../runtime/logger-option.js';
import type { OptionTable } from '../../runtime/option-table.js';
import { choice, delay, must, text } from '../../runtime/rule.js';
import { KEY_BYTES, keyIdOf } from '../encryption.js';
import { CONVERSATION_OPTIONS } from '../conversation-options.js';
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
  /**
   * Keys of 32 bytes that encrypt what people and models said. The first encrypts, all decrypt: to change the key, put a
   * new one first, and leave the old one out when the log says that it is no longer needed. Lost keys cannot be replaced.
   * @default none
   */
  keys?: readonly Uint8Array[] | undefined;
}

/** Two equal keys would have one id. */
const keys = must(
  `an array of different keys of ${KEY_BYTES} bytes`,
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((key) => key instanceof Uint8Array && key.length === KEY_BYTES) &&
    new Set(value.map((key: Uint8Array) => keyIdOf(key))).size === value.length,
);

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
  maxConversationBytes: { ...CONVERSATION_OPTIONS.maxConversationBytes, default: 8_589_934_592 },
  maxOwnerConversationBytes: {
    text: CONVERSATION_OPTIONS.maxOwnerConversationBytes.text,
    rule: CONVERSATION_OPTIONS.maxOwnerConversationBytes.rule,
    default: 1_073_741_824,
  },
  keys: {
    text: 'Keys of 32 bytes that encrypt what people and models said.',
    rule: keys,
    defaultText: 'none',
  },
  ...RETENTION_OPTIONS,
  logger: LOGGER,
} as const satisfies OptionTable<SqliteStoreOptions>;
