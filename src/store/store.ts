import type { ToolLedger } from '../tool/tool-ledger.js';
import type { ConversationStore } from './conversation-store.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { RunStore } from './run-store.js';

/** Everything a server keeps, in one place, so that what belongs together is committed together. */
export interface Store {
  readonly runs: RunStore;
  readonly ledger: ToolLedger;
  readonly conversations: ConversationStore;
  /** Commits what is left and gives everything back. Called once, by whoever made the store, after the server closed. */
  close(): Awaitable<void>;
}
