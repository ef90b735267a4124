import type { JsonObject, LlmToolCall } from '../tool/llm-tool.js';
import type { LlmOrigin } from './llm-origin.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { FinishReason, Usage } from '../protocol/server-messages.js';

/** The kinds of attachments. */
export type LlmAttachmentType = 'image' | 'file';

/** A conversation: its owner, and the id the client chose. Everything is keyed by both. */
export interface ConversationKey {
  /** `principal.id` of the owner. */
  readonly owner: string;
  /** 1 to 128 characters of the client's choice. */
  readonly id: string;
}

/** One key for owner and id, which may both hold any character. */
export function conversationKey(owner: string, id: string): string {
  return JSON.stringify([owner, id]);
}

/** An attachment as a message names it. */
export interface AttachmentInfo {
  /** A UUID, for {@link ConversationStore.attachment}; absent where `url` is there instead of bytes. */
  readonly id?: string | undefined;
  readonly type: LlmAttachmentType;
  readonly mediaType: string;
  readonly name?: string | undefined;
  /** How many. */
  readonly bytes?: number | undefined;
  readonly url?: string | undefined;
}

/** The bytes of an attachment, kept once however many messages name it. */
export interface AttachmentBytes {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** One message of a conversation. */
export interface ConversationMessage {
  /** A UUID. */
  readonly id: string;
  /** The message before it; absent for a first one. Messages with one parent are siblings: each begins a branch. */
  readonly parentId?: string | undefined;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Of a question. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
  /** Of an assistant's message: what the model thought aloud. */
  readonly reasoning?: string | undefined;
  /** Of an assistant's message: the tools it called. */
  readonly toolCalls?: readonly LlmToolCall[];
  /** Of an assistant's message: which model made it. */
  readonly origin?: LlmOrigin | undefined;
  /** Of an assistant's message: what its provider wants back with it. */
  readonly providerData?: JsonObject | undefined;
  /** Of a tool's message: the call it answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
  /** Of a tool's message: what the tool reported while it worked. */
  readonly data?: readonly unknown[] | undefined;
  /** Why the answer is not whole. */
  readonly status?: 'cancelled' | 'failed' | 'interrupted' | undefined;
  /** Why the answer, or the tool, failed. */
  readonly error?: MessageError | undefined;
  /** Of the last message of an answer. */
  readonly finishReason?: FinishReason | undefined;
  /** Of the last message of an answer: what all of it cost. */
  readonly usage?: Usage | undefined;
  /** The run that made it. */
  readonly runId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** Why something failed, as the client was told it. */
export interface MessageError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A message as it is read. */
export interface BranchMessage extends ConversationMessage {
  /**
   * The ids of all messages with its parent, oldest first, where there are several and the page asked for them; of very many
   * 100 nearest to it.
   */
  readonly siblings?: readonly string[] | undefined;
  /** Its place among all of them, from 0. */
  readonly index?: number | undefined;
}

/** A conversation without its messages. */
export interface ConversationInfo {
  readonly id: string;
  readonly title?: string;
  /** What clients keep with it: JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** How many messages it has, in all branches. */
  readonly messages: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** When something was added or changed: Unix milliseconds. */
  readonly updatedAt: number;
}

/** What {@link ConversationStore.update} changes; what is absent stays. */
export interface ConversationChange {
  readonly title?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Whether there is more in the direction of paging. */
  readonly hasMore: boolean;
}

/** Which part of a list. */
export interface PageRequest {
  /** How many at most. */
  readonly limit: number;
  /** The id of an item: only what lies before it. An unknown one gives an empty page. */
  readonly before?: string | undefined;
}

/** Which messages of a conversation. */
export interface MessagePageRequest extends PageRequest {
  /** The last message of the branch to read: it and those above it. Without it the branch that is selected. */
  readonly leaf?: string | undefined;
  /**
   * UTF-16 units of text that the page holds at most, but one message whatever its size.
   * A store must not load what is beyond it. Without it `limit` is the only bound.
   */
  readonly maxLength?: number | undefined;
  /** Whether to tell siblings. @default false */
  readonly siblings?: boolean | undefined;
}

/**
 * Keeps what was said: a tree of messages in which one branch is selected. Nothing but {@link ConversationStore.delete}
 * removes anything.
 *
 * Writes are in order, and reads see every write before them. A write that returns nothing has been taken: a durable
 * store commits it no later than what is written to a run log of the same {@link Store} afterwards, so that an answer a
 * client has seen is never missing here. A store that cannot promise that returns a promise, which is waited for before
 * anything is told of the write; where it throws or rejects, the run fails with `internal_error`.
 */
export interface ConversationStore {
  /**
   * Adds messages, each below its `parentId`, and selects the last one; makes the conversation where it is new. The
   * parent of each is there already, or stands before it.
   * @param attachments - what the messages name and the store does not have yet
   */
  append(
    key: ConversationKey,
    messages: readonly ConversationMessage[],
    attachments?: readonly AttachmentBytes[],
  ): void | Promise<void>;
  /** Messages of a branch, oldest first: the newest before `before` that the page can hold. */
  read(key: ConversationKey, page: MessagePageRequest): Page<BranchMessage> | Promise<Page<BranchMessage>>;
  /** One message, of whatever branch. */
  message(key: ConversationKey, id: string): ConversationMessage | undefined | Promise<ConversationMessage | undefined>;
  /**
   * Selects the branch that a message lies on: of those that go on from it the newest. Returns the last message of the
   * branch; `undefined` where there is no message with this id, and nothing changes.
   */
  select(key: ConversationKey, id: string): string | undefined | Promise<string | undefined>;
  /** The bytes of an attachment; `undefined` where there is none with this id. */
  attachment(key: ConversationKey, id: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The conversation without its messages. */
  find(key: ConversationKey): ConversationInfo | undefined | Promise<ConversationInfo | undefined>;
  /** The owner's conversations, the one used last first; `before` is the id of one. */
  list(owner: string, page: PageRequest): Page<ConversationInfo> | Promise<Page<ConversationInfo>>;
  /** Changes title or metadata; makes the conversation where it is new. */
  update(key: ConversationKey, change: ConversationChange): void | Promise<void>;
  /** Removes a conversation. Returns whether there was one: `true` to one of several that ask at the same time. */
  delete(key: ConversationKey): boolean | Promise<boolean>;
}
