import type { CustomMessage } from '../protocol/server-messages.js';
import type { AgentClientEvents, Greeting } from './client-events.js';
import type { ClientRoom } from './client-room.js';
import type { ClientRun } from './client-run.js';
import type { ConnectionState } from './connection.js';
import type { Conversation } from './conversation.js';
import type { ConversationPage, RunInfo } from './history.js';
import type { OwnMessage, OwnRequestOptions } from './own-message.js';
import type { PageOptions, QueryOptions, RequestOptions, RunOptions } from './run-options.js';

/** What {@link AgentClient.resume} takes. */
export interface ResumeOptions {
  /**
   * The `seq` of the last message that is already known; reading begins after it.
   * @default 0
   */
  readonly after?: number | undefined;
  /** Cancels the run. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client of an agent-ws server. It connects at its first use, reconnects after a loss, and continues every run from
 * where it was: each message is applied once.
 */
export interface AgentClient {
  readonly state: ConnectionState;
  /** What the server said of itself at the latest connection; `undefined` before the first. */
  readonly greeting: Greeting | undefined;
  /** Asks a question whose answer comes in one piece. */
  ask(query: string, options?: QueryOptions): ClientRun;
  /** Asks a question whose answer comes while it is written. */
  stream(query: string, options?: QueryOptions): ClientRun;
  /** Runs a tool directly. Its result is the `result` of the answer. */
  callTool(toolName: string, params?: Readonly<Record<string, unknown>>, options?: RunOptions): ClientRun;
  /** Reads an existing run: after a reload, or a run of another client of the same owner. */
  resume(runId: string, options?: ResumeOptions): ClientRun;
  /** The runs that can be read, oldest first. */
  listRuns(options?: RequestOptions): Promise<readonly RunInfo[]>;
  conversation(id: string): Conversation;
  /** A room: the same object for the same name. Nothing is sent before it is joined. */
  room(name: string): ClientRoom;
  /** The conversations of the principal, the most recently used first. */
  listConversations(options?: PageOptions): Promise<ConversationPage>;
  /**
   * Sends a message of your own type, now or once connected. Resolves when the message is sent, which does not mean
   * that it arrives; rejects if it cannot be sent. The message is sent once. The events `message` and `error` give the
   * server's answer.
   */
  send(message: OwnMessage, options?: RequestOptions): Promise<void>;
  /**
   * Sends a message of your own type with a `request_id` and returns the server's message with the same id. Rejects if
   * that message is an `error`.
   */
  request(message: OwnMessage, options?: OwnRequestOptions): Promise<CustomMessage>;
  /** Measures the round trip to the server, in milliseconds. */
  ping(options?: RequestOptions): Promise<number>;
  /** Connects now, also after `close()`. Resolves when connected, rejects when the client gives up. */
  connect(): Promise<void>;
  /**
   * Closes the connection for good. Everything in progress ends for this client with `client_closed`; on the server,
   * runs continue as their `onDisconnect` says.
   */
  close(): void;
  /** Calls `listener` at every event of this name. Returns a function that removes the listener. */
  on<Name extends keyof AgentClientEvents>(name: Name, listener: (event: AgentClientEvents[Name]) => void): () => void;
}
