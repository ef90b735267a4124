import { checkNumber } from '../errors/check-number.js';
import type {
  ConversationChange,
  ConversationInfo,
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessagePageRequest,
  Page,
  PageRequest,
} from './conversation-store.js';
import { pageBefore } from './page-before.js';
import { pageOfMessages } from './page-of-messages.js';

/** What {@link MemoryConversationStore} takes. */
export interface MemoryConversationStoreOptions {
  /**
   * Bytes of all conversations together; over it those go first that were not used for the longest time, and last
   * of all one that is larger by itself.
   * @default 134217728
   */
  maxConversationBytes?: number | undefined;
  /** Unix milliseconds. @default Date.now */
  clock?: (() => number) | undefined;
}

/** What a conversation and a message take besides their text, roughly. */
const CONVERSATION_BYTES = 600;
const MESSAGE_BYTES = 400;

/** A conversation in memory. */
class Conversation {
  readonly key: ConversationKey;
  readonly createdAt: number;
  updatedAt: number;
  title: string | undefined;
  /** As JSON: as objects it could take twenty times the memory. */
  metadata: string | undefined;
  messages: ConversationMessage[] = [];
  bytes = CONVERSATION_BYTES;

  constructor(key: ConversationKey, createdAt: number) {
    this.key = key;
    this.createdAt = createdAt;
    this.updatedAt = createdAt;
  }

  get info(): ConversationInfo {
    const { key, title, metadata, messages, createdAt, updatedAt } = this;
    return {
      id: key.id,
      ...(title !== undefined && { title }),
      ...(metadata !== undefined && { metadata: JSON.parse(metadata) as Readonly<Record<string, unknown>> }),
      messages: messages.length,
      createdAt,
      updatedAt,
    };
  }
}

/** Conversations in memory, as long as the process lives. */
export class MemoryConversationStore implements ConversationStore {
  readonly #maxBytes: number;
  readonly #clock: () => number;
  /** Owner, then id: the one changed last is the last. */
  readonly #owners = new Map<string, Map<string, Conversation>>();
  /** All of them, the one used last at the end. */
  readonly #used = new Set<Conversation>();
  #bytes = 0;

  /** @throws OptionError where an option breaks its rule. */
  constructor({ maxConversationBytes = 134_217_728, clock = Date.now }: MemoryConversationStoreOptions = {}) {
    this.#maxBytes = checkNumber('maxConversationBytes', maxConversationBytes, { least: 0 });
    this.#clock = clock;
  }

  append(key: ConversationKey, messages: readonly ConversationMessage[]): void {
    const conversation = this.#write(key);
    for (const message of messages) conversation.messages.push(message);
    this.#charge(
      conversation,
      messages.reduce((sum, message) => sum + bytesOf(message), 0),
    );
  }

  read(key: ConversationKey, page: MessagePageRequest): Page<ConversationMessage> {
    const conversation = this.#get(key);
    if (conversation !== undefined) this.#use(conversation);
    return pageOfMessages(newestFirst(conversation?.messages ?? [], page.before), page);
  }

  truncate(key: ConversationKey, from: string): ConversationMessage | undefined {
    const found = this.#get(key);
    const start = found?.messages.findIndex(({ id }) => id === from) ?? -1;
    if (found === undefined || start < 0) return undefined;
    const removed = found.messages.splice(start);
    const conversation = this.#write(key);
    this.#charge(conversation, -removed.reduce((sum, message) => sum + bytesOf(message), 0));
    return removed[0];
  }

  find(key: ConversationKey): ConversationInfo | undefined {
    return this.#get(key)?.info;
  }

  list(owner: string, page: PageRequest): Page<ConversationInfo> {
    const conversations = [...(this.#owners.get(owner)?.values() ?? [])];
    const { items, hasMore } = pageBefore(conversations, page, ({ key }) => key.id);
    return { items: items.map(({ info }) => info).reverse(), hasMore };
  }

  update(key: ConversationKey, { title, metadata }: ConversationChange): void {
    const conversation = this.#write(key);
    const before = sizeOf(conversation);
    if (title !== undefined) conversation.title = title;
    if (metadata !== undefined) conversation.metadata = JSON.stringify(metadata);
    this.#charge(conversation, sizeOf(conversation) - before);
  }

  delete(key: ConversationKey): boolean {
    const conversation = this.#get(key);
    if (conversation !== undefined) this.#remove(conversation);
    return conversation !== undefined;
  }

  #get({ owner, id }: ConversationKey): Conversation | undefined {
    return this.#owners.get(owner)?.get(id);
  }

  /** The conversation, made where it is new, as the one changed last. */
  #write(key: ConversationKey): Conversation {
    let ofOwner = this.#owners.get(key.owner);
    if (ofOwner === undefined) this.#owners.set(key.owner, (ofOwner = new Map<string, Conversation>()));
    let conversation = ofOwner.get(key.id);
    if (conversation === undefined) {
      conversation = new Conversation({ owner: key.owner, id: key.id }, this.#clock());
      this.#bytes += conversation.bytes;
    }
    conversation.updatedAt = this.#clock();
    ofOwner.delete(key.id);
    ofOwner.set(key.id, conversation);
    this.#use(conversation);
    return conversation;
  }

  #use(conversation: Conversation): void {
    this.#used.delete(conversation);
    this.#used.add(conversation);
  }

  #charge(conversation: Conversation, bytes: number): void {
    conversation.bytes += bytes;
    this.#bytes += bytes;
    for (const oldest of this.#used) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#remove(oldest);
    }
  }

  #remove(conversation: Conversation): void {
    const { owner, id } = conversation.key;
    this.#used.delete(conversation);
    this.#bytes -= conversation.bytes;
    const ofOwner = this.#owners.get(owner);
    ofOwner?.delete(id);
    if (ofOwner?.size === 0) this.#owners.delete(owner);
  }
}

/** The messages before the one with the id `before`. */
function* newestFirst(messages: readonly ConversationMessage[], before: string | undefined) {
  const end = before === undefined ? messages.length : messages.findLastIndex(({ id }) => id === before);
  for (let index = end - 1; index >= 0; index--) {
    const message = messages[index];
    if (message !== undefined) yield message;
  }
}

function bytesOf({ content, toolCalls = [] }: ConversationMessage): number {
  return toolCalls.reduce(
    (sum, call) => sum + MESSAGE_BYTES + Buffer.byteLength(call.arguments),
    MESSAGE_BYTES + Buffer.byteLength(content),
  );
}

function sizeOf({ title = '', metadata = '' }: Conversation): number {
  return Buffer.byteLength(title) + Buffer.byteLength(metadata);
}
