import { FairMap, type FairEntry } from '../../runtime/fair-map.js';
import { heldBytes } from '../../runtime/held-bytes.js';
import { checkOptions } from '../../runtime/option-table.js';
import type {
  AttachmentBytes,
  BranchMessage,
  ConversationChange,
  ConversationInfo,
  ConversationKey,
  ConversationMessage,
  ConversationStore,
  MessagePageRequest,
  Page,
  PageRequest,
} from '../../store/conversation-store.js';
import { pageBefore } from '../../store/page-before.js';
import { pageOfMessages, siblingsOf } from '../../store/page-of-messages.js';
import { MEMORY_CONVERSATION_STORE_OPTIONS, type MemoryConversationStoreOptions } from './options.js';

/** Memory that a conversation or a message takes besides its text, roughly. */
const CONVERSATION_BYTES = 800;
const MESSAGE_BYTES = 400;

/** A message in the tree. */
interface Node {
  readonly message: ConversationMessage;
  readonly parent: Node | undefined;
  readonly children: Node[];
}

/** A conversation in memory. */
class Conversation {
  readonly key: ConversationKey;
  /** Under which name it counts: that of whoever began it. */
  readonly payer: string;
  readonly createdAt: number;
  updatedAt: number;
  title: string | undefined;
  /** Stored as JSON: objects could take twenty times the memory. */
  metadata: string | undefined;
  /** Messages by id, in the order they were added. */
  readonly messages = new Map<string, Node>();
  /** Messages without a parent. */
  readonly roots: Node[] = [];
  /** The last message of the selected branch. */
  leaf: Node | undefined;
  readonly attachments = new Map<string, Uint8Array>();
  /** What the conversation takes while it is empty. */
  readonly bytes: number;

  constructor(key: ConversationKey, createdAt: number) {
    const { owner, id, payer = owner } = key;
    this.key = { owner, id };
    this.payer = payer;
    this.createdAt = createdAt;
    this.updatedAt = createdAt;
    this.bytes = CONVERSATION_BYTES + heldBytes(key.id);
  }

  get info(): ConversationInfo {
    const { key, title, metadata, messages, createdAt, updatedAt } = this;
    return {
      id: key.id,
      ...(title !== undefined && { title }),
      ...(metadata !== undefined && { metadata: JSON.parse(metadata) as Readonly<Record<string, unknown>> }),
      messages: messages.size,
      createdAt,
      updatedAt,
    };
  }
}

/** Conversations in memory, kept as long as the process lives. */
export class MemoryConversationStore implements ConversationStore {
  readonly #maxBytes: number;
  readonly #maxOwnerBytes: number;
  readonly #clock: () => number;
  /** Conversations by owner and id, the most recently changed last. */
  readonly #owners = new Map<string, Map<string, Conversation>>();
  /** The same conversations in the order of their use, with their sizes. */
  readonly #used = new FairMap<Conversation>();

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: MemoryConversationStoreOptions = {}) {
    const { maxConversationBytes, maxOwnerConversationBytes, clock } = checkOptions(
      options,
      MEMORY_CONVERSATION_STORE_OPTIONS,
    );
    this.#maxBytes = maxConversationBytes;
    this.#maxOwnerBytes = maxOwnerConversationBytes ?? maxConversationBytes;
    this.#clock = clock;
  }

  append(
    key: ConversationKey,
    messages: readonly ConversationMessage[],
    attachments: readonly AttachmentBytes[] = [],
  ): void {
    const conversation = this.#write(key);
    let bytes = 0;
    for (const message of messages) {
      addTo(conversation, message);
      bytes += bytesOf(message);
    }
    for (const { id, bytes: content } of attachments) {
      // A view of a larger buffer would keep the whole buffer in memory; `slice` of a `Buffer` is one.
      conversation.attachments.set(id, new Uint8Array(content));
      bytes += content.length;
    }
    this.#charge(conversation, bytes);
  }

  read(key: ConversationKey, page: MessagePageRequest): Page<BranchMessage> {
    const conversation = this.#get(key);
    if (conversation === undefined) return { items: [], hasMore: false };
    this.#used.use(key.owner, key.id);
    return pageOfMessages(newestFirst(conversation, page), page);
  }

  message(key: ConversationKey, id: string): ConversationMessage | undefined {
    return this.#get(key)?.messages.get(id)?.message;
  }

  select(key: ConversationKey, id: string): string | undefined {
    let leaf = this.#get(key)?.messages.get(id);
    if (leaf === undefined) return undefined;
    for (let child: Node | undefined = leaf; child !== undefined; child = child.children.at(-1)) leaf = child;
    this.#write(key).leaf = leaf;
    return leaf.message.id;
  }

  attachment(key: ConversationKey, id: string): Uint8Array | undefined {
    return this.#get(key)?.attachments.get(id);
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

  /** The conversation, created if it is new, marked as the most recently changed. */
  #write(key: ConversationKey): Conversation {
    let ofOwner = this.#owners.get(key.owner);
    if (ofOwner === undefined) this.#owners.set(key.owner, (ofOwner = new Map<string, Conversation>()));
    let conversation = ofOwner.get(key.id);
    if (conversation === undefined) {
      conversation = new Conversation(key, this.#clock());
      this.#used.set(key.owner, key.id, conversation, conversation.bytes, conversation.payer);
    } else this.#used.use(key.owner, key.id);
    conversation.updatedAt = this.#clock();
    ofOwner.delete(key.id);
    ofOwner.set(key.id, conversation);
    return conversation;
  }

  #charge({ key: { owner, id }, payer }: Conversation, bytes: number): void {
    this.#used.charge(owner, id, bytes);
    while (this.#used.weightOf(payer) > this.#maxOwnerBytes) this.#removeOldest(this.#used.oldestOf(payer));
    while (this.#used.weight > this.#maxBytes) this.#removeOldest(this.#used.oldestOfLargest);
  }

  #removeOldest(entry: FairEntry<Conversation> | undefined): void {
    if (entry !== undefined) this.#remove(entry.value);
  }

  #remove({ key: { owner, id } }: Conversation): void {
    this.#used.delete(owner, id);
    const ofOwner = this.#owners.get(owner);
    ofOwner?.delete(id);
    if (ofOwner?.size === 0) this.#owners.delete(owner);
  }
}

function addTo(conversation: Conversation, message: ConversationMessage): void {
  const { messages, roots } = conversation;
  const parent = message.parentId === undefined ? undefined : messages.get(message.parentId);
  const node: Node = { message, parent, children: [] };
  (parent?.children ?? roots).push(node);
  messages.set(message.id, node);
  conversation.leaf = node;
}

/** The messages of a branch, from the newest to the root. */
function* newestFirst(
  { messages, roots, leaf: selected }: Conversation,
  { leaf, before, siblings = false }: MessagePageRequest,
): Generator<BranchMessage> {
  const last = leaf === undefined ? selected : messages.get(leaf);
  const first = before === undefined ? last : messages.get(before)?.parent;
  for (let node = first; node !== undefined; node = node.parent) {
    const { message, parent } = node;
    if (!siblings) yield message;
    else {
      const ids = (parent?.children ?? roots).map((sibling) => sibling.message.id);
      yield { ...message, ...siblingsOf(message.id, ids) };
    }
  }
}

function bytesOf({ content, reasoning = '', data, providerData, toolCalls = [] }: ConversationMessage): number {
  return toolCalls.reduce(
    (sum, call) => sum + MESSAGE_BYTES + heldBytes(call.arguments) + jsonBytes(call.providerData),
    MESSAGE_BYTES + heldBytes(content) + heldBytes(reasoning) + jsonBytes(data) + jsonBytes(providerData),
  );
}

function jsonBytes(value: unknown): number {
  return value === undefined ? 0 : heldBytes(JSON.stringify(value));
}

function sizeOf({ title = '', metadata = '' }: Conversation): number {
  return heldBytes(title) + heldBytes(metadata);
}
