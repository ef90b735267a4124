import type { OptionTable } from '../../runtime/option-table.js';
import { CONVERSATION_OPTIONS } from '../conversation-options.js';
import { RETENTION_OPTIONS, type RetentionOptions } from '../retention-options.js';

/** What `MemoryConversationStore` takes. */
export interface MemoryConversationStoreOptions extends Pick<RetentionOptions, 'clock'> {
  /**
   * Size of all conversations together. In bytes; the owner that holds most loses those first that it has not
   * used for the longest time, and last of all one that is larger by itself. The anonymous clients of one address count as
   * one owner here.
   * @default 134217728
   */
  maxConversationBytes?: number | undefined;
  /**
   * Size of the conversations of one owner. In bytes; those not used for the longest time go first.
   * @default maxConversationBytes
   */
  maxOwnerConversationBytes?: number | undefined;
}

export const MEMORY_CONVERSATION_STORE_OPTIONS = {
  ...CONVERSATION_OPTIONS,
  clock: RETENTION_OPTIONS.clock,
} as const satisfies OptionTable<MemoryConversationStoreOptions>;

/** What `createMemoryStore` takes. */
export interface MemoryStoreOptions extends RetentionOptions, MemoryConversationStoreOptions {}

export const MEMORY_STORE_OPTIONS = {
  ...RETENTION_OPTIONS,
  ...MEMORY_CONVERSATION_STORE_OPTIONS,
} as const satisfies OptionTable<MemoryStoreOptions>;
