import type { CustomMessage, ServerMessage } from '../protocol/server-messages.js';
import type { AgentClientError } from './client-error.js';
import type { ConnectionState } from './connection.js';
import type { StartedRun } from './watches.js';

/** What the server said of itself and of this connection. */
export interface Greeting {
  readonly connectionId: string;
  /** Who owns the connection and its runs. */
  readonly principalId: string;
  /** The identity of the server's store: under another one, unanswered work has an unknown outcome. */
  readonly epoch: string;
  /** Whether there was a connection before. */
  readonly isReconnect: boolean;
  /** Bytes of the biggest message the server takes. */
  readonly maxMessageBytes: number;
  /** What a question may bring along; absent where it may bring nothing. */
  readonly attachments?: AttachmentLimits | undefined;
}

/** What a question may bring along. */
export interface AttachmentLimits {
  readonly mediaTypes: readonly string[];
  /** Bytes of one. All of a question have to fit into one message besides. */
  readonly maxBytes: number;
  /** How many of one question. */
  readonly maxCount: number;
  /** Whether an `https:` address may stand in place of bytes. */
  readonly urls: boolean;
}

/** Another branch of a conversation was selected. */
export interface SelectedBranch {
  readonly conversationId: string;
  /** The last message of the branch. */
  readonly messageId: string;
}

/** The events of a client, by name. */
export interface AgentClientEvents {
  readonly state: ConnectionState;
  readonly connected: Greeting;
  /** A connection that was there ended. */
  readonly disconnected: { readonly code: number; readonly reason: string };
  /** The next attempt begins in `delayMs` milliseconds. Attempts are counted since a connection that held. */
  readonly reconnecting: { readonly attempt: number; readonly delayMs: number };
  /** A run in a conversation that is watched and was not read yet: begun by somebody else, or once detached from. */
  readonly 'run-started': StartedRun;
  /** Another branch was selected, by this client or, in a conversation that is watched, by another one. */
  readonly 'branch-selected': SelectedBranch;
  /** What concerns no run and no request: the client gave up, or the server refused something it could not name. */
  readonly error: AgentClientError;
  /** Every message of the server, an embedder's own too, after the client has dealt with it. */
  readonly message: ServerMessage | CustomMessage;
}
