import { bytesOf } from './attachments.js';
import { checkKnown } from './check-known.js';
import type { ClientRun } from './client-run.js';
import { historyOf, type HistoryPage } from './history.js';
import type { Requests } from './requests.js';
import { PAGE_OPTIONS, type PageOptions, type QueryOptions, type RequestOptions } from './run-options.js';
import type { StartedRun } from './watches.js';

/** What can be changed of a conversation. */
export interface ConversationChange {
  /** Its title, 1 to 200 characters. */
  readonly title?: string | undefined;
  /** What clients keep with it, all of it: at most 4,096 bytes of JSON. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** What a query in a conversation takes. */
export type TurnOptions = Omit<QueryOptions, 'conversationId'>;

/** A conversation, by its id. Making one sends nothing. */
export interface Conversation {
  readonly id: string;
  /** Asks, and gets the answer in one piece. */
  ask(query: string, options?: TurnOptions): ClientRun;
  /** Asks, and gets the answer as it is written. */
  stream(query: string, options?: TurnOptions): ClientRun;
  /** The newest messages, or those before one of them. */
  history(options?: PageOptions): Promise<HistoryPage>;
  /**
   * Calls `listener` for every run others start in it from now on, another tab for example. After a lost connection
   * it is watched again; what began and ended meanwhile is in the history. Returns the function that ends it.
   */
  watch(listener: (started: StartedRun) => void): () => void;
  /**
   * Goes on in another branch: the one this message is on, as far as it was continued last. Gives the id of its last
   * message. While a run is in progress in the conversation it is refused with `conversation_busy`.
   */
  selectBranch(messageId: string, options?: RequestOptions): Promise<string>;
  /** The bytes of an attachment, by the `attachmentId` that the history tells. */
  attachment(attachmentId: string, options?: RequestOptions): Promise<Uint8Array>;
  /** Names it, or keeps data with it. */
  update(change: ConversationChange, options?: RequestOptions): Promise<ConversationChange>;
  /** Removes it. Says whether there was one. */
  delete(options?: RequestOptions): Promise<boolean>;
}

/** What a conversation asks of its client. */
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
