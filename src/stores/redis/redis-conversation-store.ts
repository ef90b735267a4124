import { LIMITS } from '../../protocol/version.js';
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
import { lengthOf } from '../../store/page-of-messages.js';
import { hashOf, partitionOf, runHash, type Keys } from './keys.js';
import { unavailable } from './outage.js';
import type { RedisCalls } from './redis-calls.js';
import type { RedisArgument, Reply } from './redis-client.js';
import type { RedisShares } from './redis-shares.js';
import type { Script } from './script.js';
import {
  DELETE_CONVERSATION,
  FIND_CONVERSATION,
  FIND_MESSAGE,
  LIST_CONVERSATIONS,
  READ_MESSAGES,
  SELECT_BRANCH,
  UPDATE_CONVERSATION,
} from './scripts/conversations.js';

const NOTHING = { items: [], hasMore: false } as const;

/** Messages on their way into a conversation. */
export interface MessageWrite {
  readonly owner: string;
  /** Hash of the run that made them. */
  readonly run: string;
  /** The arguments of `addMessages`. */
  readonly args: readonly RedisArgument[];
  /** Called with what `addMessages` returns; `null` if nothing was added, or that is not known. */
  onCharged(charge: Reply): void;
}

/** Writes messages of conversations in one order with the logs of the runs that made them. */
export interface MessageWrites {
  push(write: MessageWrite): void;
  /** Resolves when all writes so far of an owner are written. */
  settled(owner: string): Promise<void> | undefined;
}

/** What {@link RedisConversationStore} takes. */
export interface RedisConversationStoreInit {
  readonly calls: RedisCalls;
  readonly keys: Keys;
  readonly writes: MessageWrites;
  /** What the conversations of each payer take, in bytes. */
  readonly shares: RedisShares;
  readonly clock: () => number;
}

/** Conversations in Redis. Texts of clients are JSON, which can hold every string as text. */
export class RedisConversationStore implements ConversationStore {
  readonly #init: RedisConversationStoreInit;

  constructor(init: RedisConversationStoreInit) {
    this.#init = init;
  }

  append(
    key: ConversationKey,
    messages: readonly ConversationMessage[],
    attachments: readonly AttachmentBytes[] = [],
  ): void {
    const run = runHash(key.owner, messages[0]?.runId ?? '');
    const args: RedisArgument[] = [...this.#writerOf(key), run, `${messages.length}`];
    for (const message of messages) {
      args.push(message.id, message.parentId ?? '', `${lengthOf(message)}`, JSON.stringify(message));
    }
    args.push(`${attachments.length}`);
    // Copied, since the write waits and the caller may reuse its buffer.
    for (const { id, bytes } of attachments) args.push(id, Buffer.from(bytes));
    this.#init.writes.push({ owner: key.owner, run, args, onCharged: (charge) => this.#charge(key, charge) });
  }

  async read(key: ConversationKey, page: MessagePageRequest): Promise<Page<BranchMessage>> {
    const { limit, maxLength = Infinity, leaf = '', before = '', siblings = false } = page;
    const most = maxLength === Infinity ? '' : `${maxLength}`;
    const args = [`${limit}`, most, leaf, before, siblings ? `${LIMITS.siblings}` : '0'];
    const [more, found] = (await this.#read(READ_MESSAGES, key, args)) as [number, FoundMessage[]];
    return { items: found.map(toMessage).reverse(), hasMore: more === 1 };
  }

  async message(key: ConversationKey, id: string): Promise<ConversationMessage | undefined> {
    const body = await this.#read(FIND_MESSAGE, key, [id]);
    return body === null ? undefined : (JSON.parse(String(body)) as ConversationMessage);
  }

  async select(key: ConversationKey, id: string): Promise<string | undefined> {
    const [, ...writer] = this.#writerOf(key);
    const selected = (await this.#write(SELECT_BRANCH, key, [...writer, id])) as [Reply, string] | null;
    if (selected === null) return undefined;
    this.#charge(key, selected[0]);
    return selected[1];
  }

  async attachment(key: ConversationKey, id: string): Promise<Uint8Array | undefined> {
    const { calls, keys } = this.#init;
    await this.#settled(key.owner);
    const name = `${keys.baseOf(key.owner)}a:${hashOf(key.owner, key.id)}`;
    const asked = calls.connection.sendForBytes(name, ['HGET', name, id]);
    const bytes = await asked.catch((error: unknown) => {
      throw unavailable(error);
    });
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  async find(key: ConversationKey): Promise<ConversationInfo | undefined> {
    return toInfo((await this.#read(FIND_CONVERSATION, key)) as FoundInfo);
  }

  async list(owner: string, { limit, before }: PageRequest): Promise<Page<ConversationInfo>> {
    const { calls, keys } = this.#init;
    await this.#settled(owner);
    const args = [hashOf(owner), before === undefined ? '' : hashOf(owner, before), `${limit}`];
    const found = (await calls.read(LIST_CONVERSATIONS, keys.baseOf(owner), args)) as FoundInfo[];
    const items = found.slice(0, limit).flatMap((info) => toInfo(info) ?? []);
    return items.length === 0 ? NOTHING : { items, hasMore: found.length > limit };
  }

  async update(key: ConversationKey, { title, metadata }: ConversationChange): Promise<void> {
    const [, ...args] = this.#writerOf(key);
    if (title !== undefined) args.push('title', JSON.stringify(title));
    if (metadata !== undefined) args.push('metadata', JSON.stringify(metadata));
    this.#charge(key, await this.#write(UPDATE_CONVERSATION, key, args));
  }

  async delete(key: ConversationKey): Promise<boolean> {
    const charge = await this.#write(DELETE_CONVERSATION, key);
    this.#charge(key, charge);
    return charge !== null;
  }

  /** The arguments of each write: hash and id of the conversation, owner, payer, time. */
  #writerOf({ owner, id, payer = owner }: ConversationKey): string[] {
    return [hashOf(owner, id), JSON.stringify(id), hashOf(owner), hashOf(payer), `${this.#init.clock()}`];
  }

  /** Reads with all earlier writes made, and what they removed. */
  async #read(script: Script, { owner, id }: ConversationKey, args: readonly RedisArgument[] = []): Promise<Reply> {
    await this.#settled(owner);
    return this.#init.calls.read(script, this.#init.keys.baseOf(owner), [hashOf(owner, id), ...args]);
  }

  async #write(script: Script, { owner, id }: ConversationKey, args: readonly RedisArgument[] = []): Promise<Reply> {
    await this.#settled(owner);
    return this.#init.calls.write(script, this.#init.keys.baseOf(owner), [hashOf(owner, id), ...args]);
  }

  async #settled(owner: string): Promise<void> {
    const { writes, shares } = this.#init;
    await writes.settled(owner);
    await shares.settle();
  }

  #charge({ owner, id }: ConversationKey, charge: Reply): void {
    if (charge === null) return;
    const [version, payer, weight] = charge as [number, string, number];
    this.#init.shares.charge(`${partitionOf(owner)}:${hashOf(owner, id)}`, { payer, weight, version });
  }
}

/** The JSON of a message, and its index and siblings if there are any. */
type FoundMessage = readonly [body: string, index?: number, ...siblings: string[]];

/** Id, title, metadata, number of messages and times. */
type FoundInfo = readonly (string | null)[];

function toMessage([body, index, ...siblings]: FoundMessage): BranchMessage {
  const message = JSON.parse(body) as ConversationMessage;
  return index === undefined ? message : { ...message, siblings, index };
}

function toInfo([id, title, metadata, messages, createdAt, updatedAt]: FoundInfo): ConversationInfo | undefined {
  if (typeof id !== 'string') return undefined;
  return {
    id: JSON.parse(id) as string,
    ...(typeof title === 'string' && { title: JSON.parse(title) as string }),
    ...(typeof metadata === 'string' && { metadata: JSON.parse(metadata) as Readonly<Record<string, unknown>> }),
    messages: Number(messages),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
  };
}
