import type { CustomMessage, ServerMessage } from '../protocol/server-messages.js';
import type { AgentClientError } from './client-error.js';
import type { ConnectionState } from './connection.js';
import type { StartedRun } from './watches.js';

/** What the server said of itself and this connection. */
export interface Greeting {
  readonly connectionId: string;
  /** Owner of the connection and its runs. */
  readonly principalId: string;
  /** Identity of the server's store. If it changes, the outcome of unanswered work is unknown. */
  readonly epoch: string;
  /** The process of the server that has the connection; absent if the server is alone. */
  readonly nodeId?: string | undefined;
  /** Whether the client was connected before. */
  readonly isReconnect: boolean;
  /** Size of the largest message that the server accepts, in bytes. */
  readonly maxMessageBytes: number;
  /** Limits of attachments; absent if questions may have none. */
  readonly attachments?: AttachmentLimits | undefined;
}

/** Limits of the attachments of a question. */
export interface AttachmentLimits {
  readonly mediaTypes: readonly string[];
  /** Size of one attachment. All attachments of a question must also fit into one message. */
  readonly maxBytes: number;
  /** Attachments of one question. */
  readonly maxCount: number;
  /** Whether an `https:` address is allowed in place of bytes. */
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
  /** An established connection ended. */
  readonly disconnected: { readonly code: number; readonly reason: string };
  /** The next attempt begins in `delayMs` milliseconds. Attempts are counted since the last stable connection. */
  readonly reconnecting: { readonly attempt: number; readonly delayMs: number };
  /**
   * A run that this client does not read yet began in a watched conversation. Another client began it, or this one had
   * detached from it.
   */
  readonly 'run-started': StartedRun;
  /** Another branch was selected by this client, or by another one in a watched conversation. */
  readonly 'branch-selected': SelectedBranch;
  /**
   * An error of no request: the client gave up, the server refused a message that it could not identify, or it refused
   * to cancel the run `runId`.
   */
  readonly error: AgentClientError;
  /** Every message of the server, including custom types, after the client has handled it. */
  readonly message: ServerMessage | CustomMessage;
}
