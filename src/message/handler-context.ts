import type { Connection } from '../connection/connection.js';
import type { ClientMessageOf, ClientMessageType } from '../protocol/client-messages.js';
import type { ConversationStore } from '../store/conversation-store.js';
import type { LargeAnswers } from './large-answers.js';
import type { RoomRuns } from './room-runs.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { CheckToken } from './check-token.js';
import type { Permissions } from '../permission/permissions.js';
import type { Readers } from '../reading/readers.js';
import type { Rooms } from '../room/rooms.js';
import type { RunHandle } from '../run/run-handle.js';
import type { RunManager } from '../run/run-manager.js';

/** What every handler gets. */
export interface HandlerContext {
  readonly runs: RunManager;
  readonly readers: Readers;
  readonly conversations: ConversationStore;
  readonly answers: LargeAnswers;
  readonly permissions: Permissions;
  /** Absent if the message handler was made without rooms. */
  readonly rooms: Rooms | undefined;
  readonly roomRuns: RoomRuns | undefined;
  /** Called when a connection goes on with a run; `isReset` if it starts over. */
  onResumed(connection: Connection, run: RunHandle, isReset: boolean): void;
  readonly checkToken: CheckToken | undefined;
}

/** Handles one type of message. Throwing (or rejecting) an `AgentSocketError` answers with that error. */
export type Handler<T extends ClientMessageType> = (
  context: HandlerContext,
  connection: Connection,
  message: ClientMessageOf<T>,
) => Awaitable<void>;

/** One handler for each type of message: the compiler requires all of them. */
export type HandlerTable = { readonly [T in ClientMessageType]: Handler<T> };
