import type { JsonObject, LlmToolCall } from '../tool/llm-tool.js';
import type { LlmOrigin } from './llm-origin.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { FinishReason, Usage } from '../protocol/server-messages.js';

/** The kinds of attachments. */
export type LlmAttachmentType = 'image' | 'file';

/** The key of a conversation: its owner, and the id that the client chose. */
export interface ConversationKey {
  /** `principal.id` of the owner. */
  readonly owner: string;
  /** 1 to 128 characters of the client's choice. */
  readonly id: string;
  /**
   * Under which name a new conversation counts where owners share a bound: owners that cost nothing, such as anonymous
   * clients of one address, count together. Not a part of the identity.
   * @default owner
   */
  readonly payer?: string | undefined;
}

/** A key of owner and id, both of which may hold any character. */
export function conversationKey(owner: string, id: string): string {
  return JSON.stringify([owner, id]);
}

/** An attachment in a message, without its bytes. */
export interface AttachmentInfo {
  /** A UUID, for {@link ConversationStore.attachment}; absent if there is `url` instead of bytes. */
  readonly id?: string | undefined;
  readonly type: LlmAttachmentType;
  readonly mediaType: string;
  readonly name?: string | undefined;
  /** Size of the attachment. */
  readonly bytes?: number | undefined;
  readonly url?: string | undefined;
}

/** The bytes of an attachment, stored once however many messages name it. */
export interface AttachmentBytes {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** One message of a conversation. */
export interface ConversationMessage {
  /** A UUID. */
  readonly id: string;
  /**
   * Id of the previous message; absent for a first message. Messages with the same parent are siblings: each begins a
   * branch.
   */
  readonly parentId?: string | undefined;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Who asked a question in a room. */
  readonly name?: string | undefined;
  /** The attachments of a question. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
  /** The reasoning of an assistant message. */
  readonly reasoning?: string | undefined;
  /** The tools that an assistant message calls. */
  readonly toolCalls?: readonly LlmToolCall[];
  /** The model that made an assistant message. */
  readonly origin?: LlmOrigin | undefined;
  /** The provider data of an assistant message. */
  readonly providerData?: JsonObject | undefined;
  /** The call that a tool message answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
  /** What the tool of a tool message reported while it worked. */
  readonly data?: readonly unknown[] | undefined;
  /** Why the answer is incomplete. */
  readonly status?: 'cancelled' | 'failed' | 'interrupted' | undefined;
  /** Why the answer, or the tool, failed. */
  readonly error?: MessageError | undefined;
  /** Why the model stopped, on the last message of an answer. */
  readonly finishReason?: FinishReason | undefined;
  /** Usage of the whole answer, on its last message. */
  readonly usage?: Usage | undefined;
  /** The run that made the message. */
  readonly runId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** An error as the client got it. */
export interface MessageError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A message with its siblings. */
export interface BranchMessage extends ConversationMessage {
  /**
   * Ids of all messages with the same parent, oldest first, if there are several and the page asks for them; at most
   * the 100 nearest.
   */
  readonly siblings?: readonly string[] | undefined;
  /** Index of the message among all its siblings, from 0. */
  readonly index?: number | undefined;
}

/** A conversation without its messages. */
export interface ConversationInfo {
  readonly id: string;
  readonly title?: string;
  /** Metadata of the clients: JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Number of messages in all branches. */
  readonly messages: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** When the conversation was last changed, in Unix milliseconds. */
  readonly updatedAt: number;
}

/** What {@link ConversationStore.update} changes; absent fields stay. */
export interface ConversationChange {
  readonly title?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Whether there are more items in the direction of paging. */
  readonly hasMore: boolean;
}

/** Selects a page of a list. */
export interface PageRequest {
  /** Maximum number of items. */
  readonly limit: number;
  /** Id of an item: the page has only items before it. An unknown id gives an empty page. */
  readonly before?: string | undefined;
}

/** Selects a page of messages. */
export interface MessagePageRequest extends PageRequest {
  /** The last message of the branch to read. By default, the selected branch is read. */
  readonly leaf?: string | undefined;
  /**
   * Maximum UTF-16 units of text in the page; one message is allowed whatever its size. A store must not load more. If
   * absent, only `limit` counts.
   */
  readonly maxLength?: number | undefined;
  /** Whether to include siblings. @default false */
  readonly siblings?: boolean | undefined;
}

/**
 * Stores conversations: trees of messages in which one branch is selected. Only {@link ConversationStore.delete}
 * removes messages.
 *
 * Writes are in order, and reads see all earlier writes. A write that returns nothing has been accepted: a durable
 * store commits it no later than anything written afterwards to a run log of the same {@link Store}, so that an answer
 * that a client has seen is never missing here. A store that cannot guarantee this returns a promise, which is awaited
 * before clients are told of the write; if the store throws or rejects, the run fails with `internal_error`.
 */
export interface ConversationStore {
  /**
   * Adds messages, each after its `parentId`, and selects the last one; creates the conversation if it is new. The
   * parent of each message exists already, or comes before it.
   * @param attachments - bytes that the messages name and the store does not have yet
   */
  append(
    key: ConversationKey,
    messages: readonly ConversationMessage[],
    attachments?: readonly AttachmentBytes[],
  ): void | Promise<void>;
  /** Messages of a branch, oldest first: the newest ones before `before` that fit the page. */
  read(key: ConversationKey, page: MessagePageRequest): Page<BranchMessage> | Promise<Page<BranchMessage>>;
  /** One message of any branch. */
  message(key: ConversationKey, id: string): ConversationMessage | undefined | Promise<ConversationMessage | undefined>;
  /**
   * Selects the branch of a message, with the newest continuation. Returns the last message of the branch; `undefined`
   * if there is no message with this id, and nothing changes.
   */
  select(key: ConversationKey, id: string): string | undefined | Promise<string | undefined>;
  /** The bytes of an attachment; `undefined` if there is none with this id. */
  attachment(key: ConversationKey, id: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The conversation without its messages. */
  find(key: ConversationKey): ConversationInfo | undefined | Promise<ConversationInfo | undefined>;
  /** The owner's conversations, the most recently used first; `before` is the id of one. */
  list(owner: string, page: PageRequest): Page<ConversationInfo> | Promise<Page<ConversationInfo>>;
  /** Changes title or metadata; creates the conversation if it is new. */
  update(key: ConversationKey, change: ConversationChange): void | Promise<void>;
  /** Deletes a conversation. Returns whether it existed: of several simultaneous calls, one gets `true`. */
  delete(key: ConversationKey): boolean | Promise<boolean>;
}
