import { checkOptions, pick } from '../../runtime/option-table.js';
import type { Store } from '../../store/store.js';
import { RETENTION_OPTIONS } from '../retention-options.js';
import { MemoryConversationStore } from './memory-conversation-store.js';
import { MemoryRoomStore } from './memory-room-store.js';
import { MemoryRunStore } from './memory-run-store.js';
import { MemoryToolLedger } from './memory-tool-ledger.js';
import { MEMORY_CONVERSATION_STORE_OPTIONS, MEMORY_STORE_OPTIONS, type MemoryStoreOptions } from './options.js';

/**
 * Keeps everything in memory, bounded, as long as the process lives.
 * @throws OptionError if an option breaks its rule.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const checked = checkOptions(options, MEMORY_STORE_OPTIONS);
  return {
    runs: new MemoryRunStore(pick(checked, RETENTION_OPTIONS)),
    ledger: new MemoryToolLedger(),
    conversations: new MemoryConversationStore(pick(checked, MEMORY_CONVERSATION_STORE_OPTIONS)),
    rooms: new MemoryRoomStore(checked.clock),
    close: () => undefined,
  };
}
