import { MemoryToolLedger } from '../agent/tool-ledger.js';
import {
  MemoryConversationStore,
  type MemoryConversationStoreOptions,
} from '../conversation/memory-conversation-store.js';
import { MemoryRunStore, type MemoryRunStoreOptions } from './memory-run-store.js';
import type { Store } from './store.js';

/** What {@link createMemoryStore} takes. */
export interface MemoryStoreOptions extends MemoryRunStoreOptions, MemoryConversationStoreOptions {}

/**
 * Keeps everything in memory, bounded, as long as the process lives.
 * @throws OptionError where an option breaks its rule.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  return {
    runs: new MemoryRunStore(options),
    ledger: new MemoryToolLedger(),
    conversations: new MemoryConversationStore(options),
    close: () => undefined,
  };
}
