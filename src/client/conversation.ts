import { bytesOf } from './attachments.js';
import { checkKnown } from './check-known.js';
import type { ClientRun } from './client-run.js';
import { historyOf, type HistoryPage } from './history.js';
import type { Requests } from './requests.js';
import { PAGE_OPTIONS, type PageOptions, type QueryOptions, type RequestOptions } from './run-options.js';
import type { StartedRun } from './watches.js';

/** Changes of a conversation. */
export interface ConversationChange {
  /** Its title, 1 to 200 characters. */
  readonly title?: string | undefined;
  /** Metadata of the conversation, which replaces the earlier one: at most 4,096 bytes of JSON. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Options of a query in a conversation. */
export type TurnOptions = Omit<QueryOptions, 'conversationId'>;

/** A conversation, by its id. Creating the object sends nothing. */
export interface Conversation {
  readonly id: string;
  /** Asks a question whose answer comes in one piece. */
  ask(query: string, options?: TurnOptions): ClientRun;
  /** Asks a question whose answer comes while it is written. */
  stream(query: string, options?: TurnOptions): ClientRun;
  /** The newest messages, or those before one of them. */
  history(options?: PageOptions): Promise<HistoryPage>;
  /**
   * Calls `listener` for every run that another client, such as another tab, starts in the conversation from now on.
   * After a loss, the client watches the conversation again; runs that began and ended meanwhile are in the history.
   * Returns a function that stops watching.
   */
  watch(listener: (started: StartedRun) => void): () => void;
  /**
   * Switches to the branch of this message, with what followed most recently. Returns the id of the last message of the
   * branch. Refused with `conversation_busy` while a run is in progress in the conversation.
   */
  selectBranch(messageId: string, options?: RequestOptions): Promise<string>;
  /** The bytes of an attachment, by its `attachmentId` in the history. */
  attachment(attachmentId: string, options?: RequestOptions): Promise<Uint8Array>;
  /** Changes title or metadata. */
  update(change: ConversationChange, options?: RequestOptions): Promise<ConversationChange>;
  /** Deletes the conversation. Returns whether it existed. */
  delete(options?: RequestOptions): Promise<boolean>;
}

/** What a conversation needs of its client. */
export interface ConversationPort {
  readonly requests: Requests;
  query(type: 'agent_query' | 'streaming_query', query: string, options: QueryOptions): ClientRun;
  watch(conversationId: string, listener: (started: StartedRun) => void): () => void;
}

export function createConversation(id: string, port: ConversationPort): Conversation {
  const { requests } = port;
  return {
    id,
    ask: (query, options) => port.query('agent_query', query, { ...options, conversationId: id }),
    stream: (query, options) => port.query('streaming_query', query, { ...options, conversationId: id }),
    watch: (listener) => port.watch(id, listener),
    async history(options = {}) {
      checkKnown(options, PAGE_OPTIONS);
      const { limit, before, signal } = options;
      const message = { type: 'history', conversation_id: id, limit, before } as const;
      return historyOf(await requests.ask(message, 'history', { isRepeatable: true, signal }));
    },
    async selectBranch(messageId, { signal } = {}) {
      const message = { type: 'select_branch', conversation_id: id, message_id: messageId } as const;
      return (await requests.ask(message, 'branch_selected', { isRepeatable: true, signal })).message_id;
    },
    async attachment(attachmentId, { signal } = {}) {
      const message = { type: 'attachment', conversation_id: id, attachment_id: attachmentId } as const;
      return bytesOf((await requests.ask(message, 'attachment', { isRepeatable: true, signal })).data);
    },
    async update({ title, metadata }, { signal } = {}) {
      const message = { type: 'update_conversation', conversation_id: id, title, metadata } as const;
      const reply = await requests.ask(message, 'conversation', { isRepeatable: false, signal });
      return { title: reply.title, metadata: reply.metadata };
    },
    async delete({ signal } = {}) {
      const message = { type: 'delete_conversation', conversation_id: id } as const;
      return (await requests.ask(message, 'conversation_deleted', { isRepeatable: false, signal })).existed;
    },
  };
}
