import type { AgentClientError } from './client-error.js';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import type { AgentClient } from './client.js';
import type { Conversation, TurnOptions } from './conversation.js';
import type { HistoryMessage, HistoryPage } from './history.js';
import { fromHistory, fromTurn, isLive, type ChatMessage, type Turn } from './react-message.js';
import { Store } from './react-store.js';
import type { PendingApproval } from './run-event.js';

/** What a conversation shows. */
export interface ConversationView {
  /** Oldest first: what is stored, and then what is being asked and answered. */
  readonly messages: readonly ChatMessage[];
  /** Whether there are older ones; see `loadMore`. */
  readonly hasMore: boolean;
  /** `loading`: the history is not here yet. `answering`: a run is in progress. */
  readonly status: 'loading' | 'answering' | 'idle';
  /** Why the history cannot be read. What failed in a run stands with its message. */
  readonly error: AgentClientError | undefined;
  /** The decisions the runs wait for. */
  readonly approvals: readonly PendingApproval[];
}

/** Messages asked for at once. */
const PAGE = 50;
/** The most a server gives at once. */
const MAX_PAGE = 200;

const LOADING: ConversationView = { messages: [], hasMore: false, status: 'loading', error: undefined, approvals: [] };

/** A conversation: its history, and the runs that are not part of it yet. */
export class ConversationStore extends Store<ConversationView> {
  readonly #client: AgentClient;
  readonly #conversation: Conversation;
  #history: readonly HistoryMessage[] = [];
  #hasMore = false;
  #isLoaded = false;
  #error: AgentClientError | undefined;
  #turns: readonly Turn[] = [];
  #offs: readonly (() => void)[] = [];
  /** Counts readings of the history, so that an older one does not overwrite a newer one. */
  #reading = 0;
  #older: Promise<void> | undefined;

  constructor(client: AgentClient, id: string) {
    super(LOADING);
    this.#client = client;
    this.#conversation = client.conversation(id);
  }

  readonly send = (query: string, options: TurnOptions = {}): ClientRun => {
    const run = this.#conversation.stream(query, options);
    const { replaceFrom } = options;
    let showsQuery = true;
    if (replaceFrom !== undefined) {
      const at = this.#history.findIndex(({ id }) => id === replaceFrom);
      if (at >= 0) this.#history = this.#history.slice(0, at);
      const last = this.#history.at(-1);
      showsQuery = last?.role !== 'user' || last.content !== query;
    }
    this.#follow({ run, query, showsQuery });
    return run;
  };

  /** Cancels every run in progress. */
  readonly cancel = async (): Promise<void> => {
    await Promise.all(this.#turns.map(({ run }) => run.cancel()));
  };

  readonly loadMore = (): Promise<void> => {
    const [oldest] = this.#history;
    if (!this.#hasMore || oldest === undefined) return Promise.resolve();
    this.#older ??= this.#conversation
      .history({ limit: PAGE, before: oldest.id })
      .then(
        (page) => {
          // The history may have been read again meanwhile.
          if (this.#history[0]?.id !== oldest.id) return;
          this.#history = [...page.messages, ...this.#history];
          this.#hasMore = page.hasMore;
          this.#error = undefined;
        },
        (error: unknown) => void (this.#error = error as AgentClientError),
      )
      .finally(() => {
        this.#older = undefined;
        this.changed();
      });
    return this.#older;
  };

  readonly approve = (toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome> => {
    const waits = ({ run }: Turn): boolean => run.approvals.some((approval) => approval.toolCallId === toolCallId);
    const turn = this.#turns.find(waits);
    if (turn === undefined) return Promise.reject(new TypeError(`Nothing waits for a decision about ${toolCallId}`));
    return turn.run.approve(toolCallId, approved, reason);
  };

  protected override start(): void {
    this.#offs = [
      this.#conversation.watch(({ run, query }) => this.#follow({ run, query, showsQuery: true })),
      // What others asked while the connection was lost is in the history.
      this.#client.on('connected', ({ isReconnect }) => {
        if (isReconnect) this.#read();
      }),
    ];
    this.#read();
  }

  protected override stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
    this.#reading++;
  }

  protected override look(): ConversationView {
    const turnOf = new Map(this.#turns.map((turn) => [turn.run.id, turn]));
    const stored = this.#history.filter(({ runId = '' }) => !turnOf.has(runId));
    return {
      messages: [...stored.map(fromHistory), ...this.#turns.flatMap(fromTurn)],
      hasMore: this.#hasMore,
      status: this.#turns.some(isLive) ? 'answering' : this.#isLoaded ? 'idle' : 'loading',
      error: this.#error,
      approvals: this.#turns.flatMap(({ run }) => run.approvals),
    };
  }

  #follow(turn: Turn): void {
    this.#turns = [...this.#turns.filter(({ run }) => run.id !== turn.run.id), turn];
    turn.run.subscribe(({ type }) => {
      if (type === 'text' || type === 'reasoning') this.grew();
      else this.changed();
      if (type === 'end' && this.#offs.length > 0) this.#read();
    });
    this.changed();
  }

  #read(): void {
    const reading = ++this.#reading;
    const limit = Math.min(MAX_PAGE, Math.max(PAGE, this.#history.length));
    this.#conversation.history({ limit }).then(
      (page) => {
        if (reading === this.#reading) this.#take(page);
      },
      (error: unknown) => {
        if (reading !== this.#reading) return;
        this.#error = error as AgentClientError;
        this.#isLoaded = true;
        this.changed();
      },
    );
  }

  #take({ messages, hasMore }: HistoryPage): void {
    const at = this.#history.findIndex(({ id }) => id === messages[0]?.id);
    // What was loaded before this page stays, where it leads up to it.
    this.#history = at > 0 ? [...this.#history.slice(0, at), ...messages] : messages;
    if (at <= 0) this.#hasMore = hasMore;
    const stored = new Set(messages.map(({ runId }) => runId));
    this.#turns = this.#turns.filter((turn) => isLive(turn) || !stored.has(turn.run.id));
    this.#error = undefined;
    this.#isLoaded = true;
    this.changed();
  }
}
