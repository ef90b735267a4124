import { readAddress, writeAddress } from './conversation-address.js';
import type { Message } from './frames.js';
import { uuid } from './ids.js';
import { Preference } from './preference.js';
import { RecentConversations } from './recent-conversations.js';
import { Signal } from './signal.js';

/** What a question does that meets a running one. */
export const WHEN_BUSY = ['enqueue', 'interrupt', 'reject'] as const;
export type WhenBusy = (typeof WHEN_BUSY)[number];

/**
 * The conversation of the page: its id, which the page makes up until a question is asked in it, and what to do with a
 * question that meets a running one. Without an id every question stands alone.
 */
export class Thread {
  /** Another conversation, or none. The listeners get the one before. */
  readonly moved = new Signal<string | undefined>();
  /** It is kept from now on: something is asked in it, or another tab shows it. */
  readonly began = new Signal();
  /** Title or beginning. */
  readonly changed = new Signal();
  readonly recent = new RecentConversations();
  whenBusy: WhenBusy = 'enqueue';
  readonly #memory = new Preference<'on' | 'off'>('conversation', ['on', 'off']);
  #id: string | undefined;
  /** Whether there is something in it, as far as the page knows. */
  #hasBegun = false;
  #title: string | undefined;
  #firstQuestion: string | undefined;

  constructor() {
    const id = readAddress();
    this.#hasBegun = id !== undefined;
    this.#id = id ?? (this.#memory.read() === 'off' ? undefined : uuid());
    this.#title = this.recent.all.find((each) => each.id === id)?.title;
    window.addEventListener('hashchange', () => {
      const written = readAddress();
      if (written !== undefined) this.open(written);
      // The links that skip parts of the page take the place of the id.
      else if (this.#hasBegun) writeAddress(this.#id);
    });
  }

  get id(): string | undefined {
    return this.#id;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** What it is called: a given title, or its first question. */
  get title(): string | undefined {
    return this.#title ?? this.#firstQuestion;
  }

  set title(title: string | undefined) {
    if (title === undefined || title === this.#title) return;
    this.#title = title;
    this.#keep();
  }

  /** Goes to a conversation, to a new one without an id. */
  open(id = uuid(), hasBegun = true): void {
    this.#memory.write('on');
    if (id !== this.#id) this.#move(id, hasBegun);
  }

  /** Leaves every conversation: questions stand alone. */
  leave(): void {
    this.#memory.write('off');
    if (this.#id !== undefined) this.#move(undefined, false);
  }

  /** Something is or was asked in it, or another tab shows it: it is kept in the address, and among the recent ones. */
  begin(question?: string): void {
    if (this.#id === undefined) return;
    const isFirst = !this.#hasBegun;
    this.#firstQuestion ??= question?.slice(0, 80);
    this.#hasBegun = true;
    writeAddress(this.#id);
    this.#keep();
    if (isFirst) this.began.emit();
  }

  /** The fields of a question that make it one of this conversation. */
  fieldsFor(question: Message): Message {
    const id = question['conversation_id'] ?? this.#id;
    if (id === undefined) return {};
    const whenBusy = question['when_busy'] ?? (this.whenBusy === 'enqueue' ? undefined : this.whenBusy);
    return { conversation_id: id, ...(whenBusy !== undefined && { when_busy: whenBusy }) };
  }

  #move(id: string | undefined, hasBegun: boolean): void {
    const before = this.#hasBegun ? this.#id : undefined;
    this.#id = id;
    this.#hasBegun = id !== undefined && hasBegun;
    this.#title = this.recent.all.find((each) => each.id === id)?.title;
    this.#firstQuestion = undefined;
    writeAddress(this.#hasBegun ? id : undefined);
    this.moved.emit(before);
    this.changed.emit();
  }

  #keep(): void {
    if (this.#id !== undefined && this.#hasBegun) this.recent.keep({ id: this.#id, title: this.title ?? '' });
    this.changed.emit();
  }
}
