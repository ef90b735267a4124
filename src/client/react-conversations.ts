import type { AgentClientError } from './client-error.js';
import type { AgentClient } from './client.js';
import type { ConversationInfo } from './history.js';
import { Store } from './react-store.js';

/** What the list of conversations shows. */
export interface ConversationsView {
  /** The one used last first. */
  readonly conversations: readonly ConversationInfo[];
  /** Whether there are more; see `loadMore`. */
  readonly hasMore: boolean;
  readonly status: 'loading' | 'idle';
  /** Why there is no list: `forbidden` where the server does not know who this client is. */
  readonly error: AgentClientError | undefined;
}

/** Conversations asked for at once. */
const PAGE = 50;
/** How long changes gather before the list is read again, in milliseconds. */
const GATHER_MS = 250;

/** What makes the list another one. */
const CHANGES = new Set(['stream_start', 'agent_response', 'conversation', 'conversation_deleted']);

const LOADING: ConversationsView = { conversations: [], hasMore: false, status: 'loading', error: undefined };

/** The conversations of an owner, as far as they were loaded. */
export class ConversationsStore extends Store<ConversationsView> {
  readonly #client: AgentClient;
  #conversations: readonly ConversationInfo[] = [];
  #hasMore = false;
  #status: ConversationsView['status'] = 'loading';
  #error: AgentClientError | undefined;
  #offs: readonly (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts readings, so that an older one does not overwrite a newer one. */
  #reading = 0;

  constructor(client: AgentClient) {
    super(LOADING);
    this.#client = client;
  }

  readonly refresh = (): Promise<void> => this.#read(undefined);

  readonly loadMore = (): Promise<void> => {
    const last = this.#conversations.at(-1);
    return this.#hasMore && last !== undefined ? this.#read(last.conversationId) : Promise.resolve();
  };

  protected override start(): void {
    this.#offs = [
      this.#client.on('message', ({ type }) => {
        if (CHANGES.has(type)) this.#timer ??= setTimeout(() => void this.refresh(), GATHER_MS);
      }),
      this.#client.on('connected', ({ isReconnect }) => {
        if (isReconnect) void this.refresh();
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

  /** Reads what lies before one, or the newest: those that were loaded behind them stay. */
  async #read(before: string | undefined): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const reading = ++this.#reading;
    try {
      const { conversations, hasMore } = await this.#client.listConversations({ limit: PAGE, before });
      if (reading !== this.#reading) return;
      const read = new Set(conversations.map(({ conversationId }) => conversationId));
      const rest = this.#conversations.filter(({ conversationId }) => !read.has(conversationId));
      // Without more behind them, what was loaded and is not among them is gone.
      if (before !== undefined) this.#conversations = [...rest, ...conversations];
      else this.#conversations = hasMore ? [...conversations, ...rest] : conversations;
      if (before !== undefined || !hasMore || rest.length === 0) this.#hasMore = hasMore;
      this.#error = undefined;
    } catch (error) {
      if (reading !== this.#reading) return;
      this.#error = error as AgentClientError;
    }
    this.#status = 'idle';
    this.changed();
  }
}
