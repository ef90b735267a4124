import type { AgentClientError } from './client-error.js';
import type { ApprovalOutcome, ClientRun } from './client-run.js';
import type { AgentClient } from './client.js';
import type { Conversation } from './conversation.js';
import { callSafely } from './emitter.js';
import type { ConversationCallbacks } from './react-callbacks.js';
import { readPage, type ChatPage } from './react-history.js';
import { chatMessage, type ChatMessage } from './react-message.js';
import type { SendOptions } from './react-options.js';
import { Store } from './react-store.js';
import { filesFrom, filesOf, type Asked, type Turn } from './react-turn.js';
import { TurnList } from './react-turns.js';
import type { PendingApproval } from './run-event.js';

/** What {@link useConversation} shows. */
export interface ConversationView {
  /** The title, if the conversation has one. */
  readonly title: string | undefined;
  /** Oldest first, questions and answers in order: the selected branch, and questions in progress. */
  readonly messages: readonly ChatMessage[];
  /** Whether there are older messages; see `loadMore`. */
  readonly hasMore: boolean;
  /** `loading`: the history is not loaded yet. `answering`: a run is in progress. */
  readonly status: 'loading' | 'answering' | 'idle';
  /** Why the history cannot be read. The error of a run is in its message. */
  readonly error: AgentClientError | undefined;
  /** The decisions that the runs wait for. */
  readonly approvals: readonly PendingApproval[];
}

const LOADING: ConversationView = {
  title: undefined,
  messages: [],
  hasMore: false,
  status: 'loading',
  error: undefined,
  approvals: [],
};

/** A conversation: its history, and the turns that are not in the history yet. */
export class ConversationStore extends Store<ConversationView> {
  readonly #client: AgentClient;
  readonly #conversation: Conversation;
  readonly #callbacks = new Set<() => ConversationCallbacks>();
  readonly #turns = new TurnList();
  #title: string | undefined;
  /** Identity of the server's store that the messages come from. */
  #epoch: string | undefined;
  #stored: readonly ChatMessage[] = [];
  #hasMore = false;
  #isLoaded = false;
  #error: AgentClientError | undefined;
  #offs: readonly (() => void)[] = [];
  /** The newest request for the history: only its answer counts. `undefined` if there is none. */
  #reading: Promise<void> | undefined;
  #older: Promise<void> | undefined;
  readonly #onStart: () => void;

  /** @param onStart - called whenever a component begins to show the conversation. */
  constructor(client: AgentClient, id: string, onStart: () => void) {
    super(LOADING);
    this.#client = client;
    this.#conversation = client.conversation(id);
    this.#onStart = onStart;
  }

  readonly send = (query: string, options: SendOptions = {}): ClientRun => {
    const { whole: isWhole = false, ...turn } = options;
    const { replaceFrom, attachments } = turn;
    // A failed question is asked again in its place.
    const failed = this.#turns.failed.find(({ asked }) => asked.query === query && asked.replaceFrom === replaceFrom);
    if (failed !== undefined) this.#turns.remove(failed);
    const files = filesOf(attachments);
    const run = isWhole ? this.#conversation.ask(query, turn) : this.#conversation.stream(query, turn);
    this.#follow({ run, query, replaceFrom, files, options, isWhole });
    return run;
  };

  readonly regenerate = (id?: string, options: SendOptions = {}): ClientRun => {
    const shown = this.#shown();
    const at = id === undefined ? shown.length - 1 : shown.findIndex((message) => message.id === id);
    const turn = this.#turns.failed.find(({ messages }) => messages.some((message) => message.id === shown[at]?.id));
    if (turn !== undefined) return this.#askAgain(turn, options);
    const isAnswer = shown[at]?.role === 'assistant';
    const question = shown[isAnswer ? at - 1 : at];
    const answer = shown[isAnswer ? at : at + 1];
    if (question?.role !== 'user' || !question.isStored)
      throw new TypeError('There is no such question to answer anew');
    const replaceFrom = answer?.role === 'assistant' && answer.isStored ? answer.id : question.id;
    return this.send(question.content, { ...options, replaceFrom });
  };

  readonly edit = (id: string, query: string, options: SendOptions = {}): ClientRun => {
    const turn = this.#turns.failed.find(({ messages }) => messages[0]?.id === id);
    return turn === undefined
      ? this.send(query, { ...options, replaceFrom: id })
      : this.#askAgain(turn, options, query);
  };

  readonly dismiss = (id: string): void => {
    const turn = this.#turns.failed.find(({ messages }) => messages.some((message) => message.id === id));
    if (turn === undefined) return;
    this.#turns.remove(turn);
    this.changed();
  };

  readonly rename = async (title: string): Promise<void> => {
    this.#title = (await this.#conversation.update({ title })).title;
    this.changed();
  };

  readonly selectBranch = async (messageId: string): Promise<void> => {
    await this.#conversation.selectBranch(messageId);
    await this.#reading;
  };

  /** Cancels every run in progress. */
  readonly cancel = async (): Promise<void> => {
    await Promise.all(this.#turns.live.map(({ asked }) => asked.run.cancel()));
  };

  readonly loadMore = (): Promise<void> => {
    const [oldest] = this.#stored;
    if (!this.#hasMore || oldest === undefined) return Promise.resolve();
    this.#older ??= readPage(this.#conversation, oldest.id)
      .then(
        (page) => {
          // The history may have been loaded again meanwhile.
          if (this.#stored[0]?.id !== oldest.id) return;
          this.#stored = [...page.messages, ...this.#stored];
          this.#hasMore = page.hasMore;
          this.#error = undefined;
        },
        (error: unknown) => this.#fail(error as AgentClientError),
      )
      .finally(() => {
        this.#older = undefined;
        this.changed();
      });
    return this.#older;
  };

  readonly approve = (toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome> => {
    const runs = this.#turns.live.map(({ asked }) => asked.run);
    const run = runs.find(({ approvals }) => approvals.some((approval) => approval.toolCallId === toolCallId));
    if (run !== undefined) return run.approve(toolCallId, approved, reason);
    return Promise.reject(new TypeError(`Nothing waits for a decision about ${toolCallId}`));
  };

  /** Adds a function that gives the current callbacks. Returns a function that removes it. */
  readonly hear = (callbacks: () => ConversationCallbacks): (() => void) => {
    this.#callbacks.add(callbacks);
    return () => void this.#callbacks.delete(callbacks);
  };

  protected override start(): void {
    const { id } = this.#conversation;
    this.#offs = [
      this.#conversation.watch(({ run, query, kind, attachments, replaceFrom }) => {
        this.#follow({ run, query, replaceFrom, files: filesFrom(attachments), isWhole: kind === 'agent_query' });
      }),
      this.#client.on('branch-selected', ({ conversationId }) => {
        if (conversationId === id) this.#read();
      }),
      this.#client.on('message', (message) => {
        if (message.type === 'conversation_deleted' && message['conversation_id'] === id) this.#forget();
      }),
      // Questions that others asked during a loss are in the history.
      this.#client.on('connected', ({ isReconnect, epoch }) => {
        const isOther = this.#epoch !== undefined && this.#epoch !== epoch;
        this.#epoch = epoch;
        if (isOther) this.#keepForgotten();
        // A client that had given up before it was ever connected could not read it.
        if (isReconnect || this.#error !== undefined) this.#read();
      }),
    ];
    this.#epoch ??= this.#client.greeting?.epoch;
    if (this.#reading === undefined) this.#read();
    this.#onStart();
  }

  protected override stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  protected override look(): ConversationView {
    const { live } = this.#turns;
    return {
      title: this.#title,
      messages: this.#shown(),
      hasMore: this.#hasMore,
      status: live.length > 0 ? 'answering' : this.#isLoaded ? 'idle' : 'loading',
      error: this.#error,
      approvals: live.flatMap(({ asked }) => asked.run.approvals),
    };
  }

  /** Whether the store holds anything that exists nowhere else. */
  get isBusy(): boolean {
    return this.#offs.length > 0 || this.#turns.all.length > 0;
  }

  #shown(): ChatMessage[] {
    return this.#turns.among(this.#stored);
  }

  #askAgain(turn: Turn, options: SendOptions, query = turn.asked.query): ClientRun {
    this.#turns.remove(turn);
    return this.send(query, { ...turn.asked.options, runId: undefined, signal: undefined, ...options });
  }

  #follow(asked: Asked): void {
    const turn = this.#turns.add(asked, this.#stored);
    void this.#hearOut(turn);
    this.changed();
  }

  async #hearOut(turn: Turn): Promise<void> {
    for await (const event of turn.asked.run) {
      const reported = turn.take(event);
      if (reported !== undefined) this.#call(({ onData }) => onData?.(reported));
      if (event.type === 'end') this.#ended(turn);
      else if (event.type === 'text' || event.type === 'reasoning') this.grew();
      else this.changed();
    }
  }

  #ended(turn: Turn): void {
    const { end, asked, isPlaced, isStored } = turn;
    if (end === undefined) return;
    const isFinished = end.state === 'finished';
    const { isElsewhere } = turn.locate(this.#stored);
    const answer = turn.messages.at(-1) as ChatMessage;
    if (isStored || isFinished) {
      const isComplete = (isFinished || end.isFinal) && asked.isWhole !== true && !turn.lacksFiles;
      // The history is needed for an answer in one piece, an answer whose end this client missed, files that another
      // client sent, and an answer on a branch that is not loaded or after a turn that is not loaded. A history that
      // is being read may not include this turn yet.
      const isTold = isPlaced && isComplete && !isElsewhere && this.#reading === undefined;
      const [first, ...others] = this.#turns.stored;
      if (!isTold || others.length > 0) this.#read();
      else if (first === turn) this.#stored = this.#turns.settle(turn, this.#stored);
    } else if (turn.isVoid) {
      if (end.state === 'cancelled') this.#turns.remove(turn);
      // The question may have one more version now.
      if (isPlaced) this.#read();
    }
    // The callbacks find the answer on the screen.
    this.changed();
    if (isFinished) this.#call(({ onFinish }) => onFinish?.(answer, asked.run));
    else if (end.state === 'failed' || end.state === 'interrupted') {
      const { error } = end;
      this.#call(({ onError }) => onError?.(error, answer));
    }
  }

  #read(): void {
    const { stored } = this.#turns;
    const reading = readPage(this.#conversation).then(
      (page) => {
        if (reading === this.#reading) this.#take(page, stored);
      },
      (error: unknown) => {
        if (reading !== this.#reading) return;
        this.#reading = undefined;
        this.#isLoaded = true;
        this.#fail(error as AgentClientError);
        this.changed();
      },
    );
    this.#reading = reading;
  }

  /** This client has deleted the conversation: the next question begins it anew. */
  #forget(): void {
    this.#stored = [];
    this.#turns.clear();
    this.#read();
    this.changed();
  }

  /** The server has a new store without this conversation: the messages stay on the screen. */
  #keepForgotten(): void {
    for (const turn of this.#turns.stored) this.#stored = this.#turns.settle(turn, this.#stored);
    this.#stored = this.#stored.map((message) => chatMessage({ ...message, branch: undefined, isStored: false }));
    this.#hasMore = false;
    this.changed();
  }

  /** @param replaced - the turns that had ended when the page was asked for */
  #take({ title, messages, hasMore }: ChatPage, replaced: readonly Turn[]): void {
    this.#title = title;
    const at = this.#stored.findIndex(({ id }) => id === messages[0]?.id);
    const held = new Map(this.#shown().map((message) => [message.id, message]));
    // Messages before this page stay if the page continues them.
    const older = at > 0 ? this.#stored.slice(0, at) : [];
    const forgotten = this.#stored.filter(({ isStored }) => !isStored);
    this.#stored = [...forgotten, ...older, ...messages.map((message) => sameOf(held.get(message.id), message))];
    if (at <= 0) this.#hasMore = hasMore;
    this.#turns.removeAnswered(this.#stored, replaced);
    this.#reading = undefined;
    this.#error = undefined;
    this.#isLoaded = true;
    this.changed();
  }

  #fail(error: AgentClientError): void {
    this.#error = error;
    this.#call(({ onError }) => onError?.(error, undefined));
  }

  #call(tell: (callbacks: ConversationCallbacks) => void): void {
    for (const callbacks of [...this.#callbacks]) callSafely(tell, callbacks());
  }
}

/** The held message if the loaded one has nothing new, so that the object stays the same. */
function sameOf(held: ChatMessage | undefined, read: ChatMessage): ChatMessage {
  return held !== undefined && wordsOf(held) === wordsOf(read) ? held : read;
}

/** The content of a message without what only a page that saw its run knows. */
function wordsOf({ error, ...message }: ChatMessage): string {
  return JSON.stringify({ ...message, createdAt: 0, error: error && [error.code, error.message] });
}
