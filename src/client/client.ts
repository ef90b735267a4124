import type { CustomMessage } from '../protocol/server-messages.js';
import type { AgentClientEvents, Greeting } from './client-events.js';
import type { ClientRun } from './client-run.js';
import type { ConnectionState } from './connection.js';
import type { Conversation } from './conversation.js';
import type { ConversationPage, RunInfo } from './history.js';
import type { OwnMessage, OwnRequestOptions } from './own-message.js';
import type { PageOptions, QueryOptions, RequestOptions, RunOptions } from './run-options.js';

/** What {@link AgentClient.resume} takes. */
export interface ResumeOptions {
  /**
   * The `seq` of the last message that is known already; what follows it is read.
   * @default 0
   */
  readonly after?: number | undefined;
  /** Cancels the run. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client of an agent-ws server. It connects when it is first used, comes back after a loss, and goes on with every
 * run where it stood: each message is applied once.
 */
export interface AgentClient {
  readonly state: ConnectionState;
  /** What the server said of itself when this client connected last; `undefined` before. */
  readonly greeting: Greeting | undefined;
  /** Asks, and gets the answer in one piece. */
  ask(query: string, options?: QueryOptions): ClientRun;
  /** Asks, and gets the answer as it is written. */
  stream(query: string, options?: QueryOptions): ClientRun;
  /** Runs a tool directly. What it returned is the `result` of the answer. */
  callTool(toolName: string, params?: Readonly<Record<string, unknown>>, options?: RunOptions): ClientRun;
  /** Reads a run that is there: after a reload, or one of another client of the same owner. */
  resume(runId: string, options?: ResumeOptions): ClientRun;
  /** The runs that can be read, oldest first. */
  listRuns(options?: RequestOptions): Promise<readonly RunInfo[]>;
  conversation(id: string): Conversation;
  /** The conversations of an authenticated owner, the one used last first. */
  listConversations(options?: PageOptions): Promise<ConversationPage>;
  /**
   * Sends a message of a type of your own, now or when there is a connection. Resolves when it went out, which does not
   * say that it arrived; rejects where it cannot be sent. It is sent once. What the server answers is told by the events
   * `message` and `error`.
   */
  send(message: OwnMessage, options?: RequestOptions): Promise<void>;
  /**
   * Sends a message of a type of your own with a `request_id`, and gives the message of the server that repeats it.
   * Rejects where that is an `error`.
   */
  request(message: OwnMessage, options?: OwnRequestOptions): Promise<CustomMessage>;
  /** How long the way to the server and back takes, in milliseconds. */
  ping(options?: RequestOptions): Promise<number>;
  /** Connects now, or begins anew after `close()`. Resolves when the server greeted, rejects when the client gives up. */
  connect(): Promise<void>;
  /**
   * Closes the connection for good. What is in progress ends here with `client_closed`; on the server the runs go on
   * as their `onDisconnect` says.
   */
  close(): void;
  /** Calls `listener` at every event of this name. Returns the function that removes it. */
  on<Name extends keyof AgentClientEvents>(name: Name, listener: (event: AgentClientEvents[Name]) => void): () => void;
}
