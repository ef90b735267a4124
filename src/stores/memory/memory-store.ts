import { MemoryToolLedger } from './memory-tool-ledger.js';
import {
  MEMORY_CONVERSATION_STORE_OPTIONS,
  MemoryConversationStore,
  type MemoryConversationStoreOptions,
} from './memory-conversation-store.js';
import { checkKnownOptions, pickOptions } from '../../runtime/check-known-options.js';
import type { KnownOptions } from '../../runtime/unknown-option.js';
import { MEMORY_RUN_STORE_OPTIONS, MemoryRunStore, type MemoryRunStoreOptions } from './memory-run-store.js';
import type { Store } from '../../store/store.js';

/** What {@link createMemoryStore} takes. */
export interface MemoryStoreOptions extends MemoryRunStoreOptions, MemoryConversationStoreOptions {}

/** The names of {@link MemoryStoreOptions}. */
export const MEMORY_STORE_OPTIONS: KnownOptions<MemoryStoreOptions> = {
  ...MEMORY_RUN_STORE_OPTIONS,
  ...MEMORY_CONVERSATION_STORE_OPTIONS,
};

/**
 * Keeps everything in memory, bounded, as long as the process lives.
 * @throws OptionError where an option breaks its rule.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  checkKnownOptions(options, MEMORY_STORE_OPTIONS);
  return {
    runs: new MemoryRunStore(pickOptions(options, MEMORY_RUN_STORE_OPTIONS)),
    ledger: new MemoryToolLedger(),
    conversations: new MemoryConversationStore(pickOptions(options, MEMORY_CONVERSATION_STORE_OPTIONS)),
    close: () => undefined,
  };
}
