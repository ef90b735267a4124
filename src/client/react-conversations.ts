import type { AgentClientError } from './client-error.js';
import type { AgentClient } from './client.js';
import type { ConversationInfo, ConversationPage } from './history.js';
import { Store } from './react-store.js';

/** What {@link useConversations} shows. */
export interface ConversationsView {
  /** The most recently used first. */
  readonly conversations: readonly ConversationInfo[];
  /** Whether there are more conversations; see `loadMore`. */
  readonly hasMore: boolean;
  readonly status: 'loading' | 'idle';
  /** Why there is no list: `forbidden` if the server does not know who this client is. */
  readonly error: AgentClientError | undefined;
}

/** Size of a page. */
const PAGE = 50;
/** How long changes are collected before the list is read again, in milliseconds. */
const GATHER_MS = 250;

/** Messages that change the list. */
const CHANGES = new Set(['stream_start', 'agent_response', 'conversation', 'conversation_deleted']);

const LOADING: ConversationsView = { conversations: [], hasMore: false, status: 'loading', error: undefined };

/** The loaded conversations of an owner. */
export class ConversationsStore extends Store<ConversationsView> {
  readonly #client: AgentClient;
  #conversations: readonly ConversationInfo[] = [];
  #hasMore = false;
  #status: ConversationsView['status'] = 'loading';
  #error: AgentClientError | undefined;
  #offs: readonly (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Number of the latest request for the newest page: older answers are ignored. */
  #reading = 0;
  #older: Promise<void> | undefined;

  constructor(client: AgentClient) {
    super(LOADING);
    this.#client = client;
  }

  readonly refresh = (): Promise<void> => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const reading = ++this.#reading;
    const isNewest = (): boolean => reading === this.#reading;
    return this.#read(undefined, isNewest, (page) => this.#takeNewest(page));
  };

  readonly loadMore = (): Promise<void> => {
    const before = this.#last?.conversationId;
    if (!this.#hasMore || before === undefined) return Promise.resolve();
    // The list may have been loaded again meanwhile.
    const isNext = (): boolean => this.#last?.conversationId === before;
    this.#older ??= this.#read(before, isNext, (page) => this.#takeOlder(page)).finally(() => {
      this.#older = undefined;
    });
    return this.#older;
  };

  protected override start(): void {
    this.#offs = [
      this.#client.on('message', (message) => {
        if (message.type === 'conversation_deleted') this.#remove(message['conversation_id']);
        if (CHANGES.has(message.type)) this.#timer ??= setTimeout(() => void this.refresh(), GATHER_MS);
      }),
      this.#client.on('connected', ({ isReconnect }) => {
        // A client that had given up before it was ever connected could not read it.
        if (isReconnect || this.#error !== undefined) void this.refresh();
      }),
    ];
    void this.refresh();
  }

  protected override stop(): void {
    for (const off of this.#offs) off();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  protected override look(): ConversationsView {
    return {
      conversations: this.#conversations,
      hasMore: this.#hasMore,
      status: this.#status,
      error: this.#error,
    };
  }

  get #last(): ConversationInfo | undefined {
    return this.#conversations.at(-1);
  }

  /** Loads the newest page, or the page before a conversation; `take` gets the page if `counts` still says so. */
  async #read(
    before: string | undefined,
    counts: () => boolean,
    take: (page: ConversationPage) => void | Promise<void>,
  ): Promise<void> {
    try {
      const page = await this.#client.listConversations({ limit: PAGE, before });
      if (!counts()) return;
      this.#error = undefined;
      await take(page);
    } catch (error) {
      if (!counts()) return;
      this.#error = error as AgentClientError;
    }
    this.#status = 'idle';
    this.changed();
  }

  #takeNewest({ conversations, hasMore }: ConversationPage): void {
    const old = this.#conversations;
    const last = conversations.at(-1);
    // Older conversations stay after the page if its last one is unchanged. Conversations missing from the page are
    // gone.
    const at = old.findIndex((one) => one.conversationId === last?.conversationId && one.updatedAt === last.updatedAt);
    const read = new Set(conversations.map(({ conversationId }) => conversationId));
    const rest = hasMore && at >= 0 ? old.slice(at + 1).filter(({ conversationId }) => !read.has(conversationId)) : [];
    this.#conversations = [...conversations, ...rest];
    if (rest.length === 0) this.#hasMore = hasMore;
  }

  #takeOlder({ conversations, hasMore }: ConversationPage): void | Promise<void> {
    if (conversations.length === 0) {
      // Another client has deleted the rest, or the conversation that it comes after.
      this.#conversations = [];
      return this.refresh();
    }
    const read = new Set(conversations.map(({ conversationId }) => conversationId));
    this.#conversations = [
      ...this.#conversations.filter(({ conversationId }) => !read.has(conversationId)),
      ...conversations,
    ];
    this.#hasMore = hasMore;
  }

  #remove(id: unknown): void {
    this.#conversations = this.#conversations.filter(({ conversationId }) => conversationId !== id);
    this.changed();
  }
}
