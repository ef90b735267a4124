import type { ToolLedger } from '../tool/tool-ledger.js';
import type { ConversationStore } from './conversation-store.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { RoomStore } from './room-store.js';
import type { Cluster } from './cluster.js';
import type { RunStore } from './run-store.js';

/**
 * All stores of a server, so that data that belongs together is committed together. A method may throw an
 * `AgentSocketError` with code `store_unavailable` while the store fails: the client gets it, and it is not logged.
 */
export interface Store {
  readonly runs: RunStore;
  readonly ledger: ToolLedger;
  readonly conversations: ConversationStore;
  /** Whether the store can write at present; if not, `/readyz` answers 503. @default true */
  readonly isWritable?: boolean;
  /**
   * The logs of rooms.
   * @default kept in memory
   */
  readonly rooms?: RoomStore | undefined;
  /**
   * The other processes that work with the same data.
   * @default the process is alone
   */
  readonly cluster?: Cluster | undefined;
  /**
   * Commits the waiting writes and releases all resources. Called once, by the creator of the store, after the server
   * has closed.
   */
  close(): Awaitable<void>;
}
