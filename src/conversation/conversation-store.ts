import type { LlmToolCall } from '../agent/llm-provider.js';

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

/** One message of a conversation. */
export interface ConversationMessage {
  /** A UUID. */
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Of an assistant's message: the tools it called. */
  readonly toolCalls?: readonly LlmToolCall[];
  /** Of a tool's message: the call it answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
  /** Why the answer is not whole. */
  readonly status?: 'cancelled' | 'failed' | 'interrupted' | undefined;
  /** The run that made it. */
  readonly runId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** A conversation without its messages. */
export interface ConversationInfo {
  readonly id: string;
  readonly title?: string;
  /** What clients keep with it: JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** How many messages it has. */
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
  /**
   * UTF-16 units of contents and arguments of tool calls that the page holds at most, but one message whatever its size.
   * A store must not load what is beyond it. Without it `limit` is the only bound.
   */
  readonly maxLength?: number | undefined;
}

/**
 * Keeps what was said. Writes are synchronous and in order; a durable store commits them no later than what is written
 * to a run log of the same {@link Store} afterwards, so that an answer a client has seen is never missing here. Reads
 * see every write before them.
 */
export interface ConversationStore {
  /** Adds messages at the end; makes the conversation where it is new. */
  append(key: ConversationKey, messages: readonly ConversationMessage[]): void;
  /** The newest messages before `before` that the page can hold, oldest first. */
  read(key: ConversationKey, page: MessagePageRequest): Page<ConversationMessage> | Promise<Page<ConversationMessage>>;
  /** Removes a message and all after it. Returns the message; `undefined` where there is none with this id. */
  truncate(
    key: ConversationKey,
    from: string,
  ): ConversationMessage | undefined | Promise<ConversationMessage | undefined>;
  /** The conversation without its messages. */
  find(key: ConversationKey): ConversationInfo | undefined | Promise<ConversationInfo | undefined>;
  /** The owner's conversations, the one used last first; `before` is the id of one. */
  list(owner: string, page: PageRequest): Page<ConversationInfo> | Promise<Page<ConversationInfo>>;
  /** Changes title or metadata; makes the conversation where it is new. */
  update(key: ConversationKey, change: ConversationChange): void;
  /** Removes a conversation. Returns whether there was one: `true` to one of several that ask at the same time. */
  delete(key: ConversationKey): boolean | Promise<boolean>;
}
