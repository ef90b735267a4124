import type { Answer } from './answer.js';
import type { Message } from './frames.js';
import { failureOf, textOf } from './message-fields.js';
import { reconcile } from './reconcile.js';
import type { Session } from './session.js';
import { Signal } from './signal.js';
import { Transcript } from './transcript.js';

const PAGE = 20;

/**
 * Keeps the answers of the page and the conversation on the server the same: watches it, fetches its history, and asks
 * for the places of what waits in line.
 */
export class ThreadSync {
  /** Whether there is more to load, or a page is on its way. */
  readonly changed = new Signal();
  isLoading = false;
  /** Runs a change of what stands above. Whoever shows it keeps the person where they are. */
  hold = (change: () => void): void => change();
  /** The newest page is on its way; `again`: something has changed since. */
  #fetching: { again: boolean } | undefined;
  /** What to do when another branch is shown. */
  #onSelected: (() => void) | undefined;
  /** `epoch` of the server whose history is shown. */
  #epoch: unknown;
  readonly #session: Session;
  readonly #transcript = new Transcript();

  constructor(session: Session) {
    this.#session = session;
    const { runs, thread } = session;
    session.greeted.on(() => {
      this.isLoading = false;
      this.#fetching = undefined;
      this.#keepIfForgotten();
      this.#follow();
    });
    thread.moved.on((before) => {
      this.#leave(before);
      this.#follow();
    });
    thread.began.on(() => this.#watch(thread.id, true));
    session.branched.on((id) => {
      if (id === thread.id) this.refresh();
    });
    runs.added.on((answer) => this.#onAdded(answer));
    runs.began.on((answer) => {
      // What this page did not ask, or what took the place of something else, has changed the conversation.
      if (this.#isOwn(answer) && (answer.origin === 'watched' || answer.replaces !== undefined)) this.refresh();
    });
    runs.ended.on((answer) => this.#onEnded(answer));
    runs.dropped.on((answer) => {
      if (!this.#isOwn(answer) || answer.questionId === undefined) return;
      this.#transcript.putAway(answer.questionId);
      this.changed.emit();
    });
  }

  get hasOlder(): boolean {
    return this.#transcript.hasOlder;
  }

  /** Fetches the newest page of the history. */
  refresh(): void {
    const { thread } = this.#session;
    const { id } = thread;
    if (id === undefined || !this.#session.isNegotiated) return;
    if (this.#fetching !== undefined) {
      this.#fetching.again = true;
      return;
    }
    this.#fetching = { again: false };
    this.#session.ask({ type: 'history', conversation_id: id, limit: PAGE }, (reply) => {
      const again = this.#fetching?.again === true;
      this.#fetching = undefined;
      if (again || thread.id !== id) this.refresh();
      if (thread.id !== id || this.#isRefused(reply)) return;
      this.#transcript.takeNewest(reply);
      thread.title = textOf(reply, 'title');
      this.#reconcile(id);
    });
  }

  /** Fetches the page before the oldest message here. */
  loadOlder(): void {
    const { thread } = this.#session;
    const { id } = thread;
    if (id === undefined || this.isLoading || !this.#session.isNegotiated) return;
    // Where everything was put away the newest page is the next older one.
    const before = this.#transcript.oldestId;
    const message = { type: 'history', conversation_id: id, limit: PAGE, ...(before !== undefined && { before }) };
    this.isLoading = this.#session.ask(message, (reply) => {
      this.isLoading = false;
      if (thread.id === id && !this.#isRefused(reply)) {
        this.#transcript.takeOlder(reply);
        this.hold(() => this.#reconcile(id));
      }
      this.changed.emit();
    });
    this.changed.emit();
  }

  /** Asks a question in the place of another one, in a branch beside it. */
  edit(answer: Answer, query: string): boolean {
    return this.#replace(answer, query, answer.questionId);
  }

  /** Asks for another answer to the same question. */
  regenerate(answer: Answer): boolean {
    return this.#replace(answer, answer.question, answer.answerId ?? answer.questionId);
  }

  /** Goes to the branch of a message; `onSelected` when it is shown. */
  select(messageId: string, onSelected: () => void): void {
    const { id } = this.#session.thread;
    if (id === undefined) return;
    this.#session.ask({ type: 'select_branch', conversation_id: id, message_id: messageId }, (reply) => {
      if (!this.#isRefused(reply)) this.#onSelected = onSelected;
    });
  }

  /** Gives the conversation a name. */
  rename(title: string): void {
    const { id } = this.#session.thread;
    if (id === undefined) return;
    this.#session.ask({ type: 'update_conversation', conversation_id: id, title }, (reply) => {
      if (!this.#isRefused(reply) && this.#session.thread.id === id) {
        this.#session.thread.begin();
        this.#session.thread.title = textOf(reply, 'title');
      }
    });
  }

  #replace(answer: Answer, query: string, from: string | undefined): boolean {
    const { kind, conversationId } = answer;
    if (from === undefined || conversationId === undefined) return false;
    return this.#session.submit({ type: kind, query, conversation_id: conversationId, replace_from: from });
  }

  #isOwn(answer: Answer): boolean {
    return answer.conversationId !== undefined && answer.conversationId === this.#session.thread.id;
  }

  /** Reads along from now on, and learns what was before. */
  #follow(): void {
    const { thread, isNegotiated } = this.#session;
    if (!isNegotiated || !thread.hasBegun) return;
    thread.begin();
    this.#watch(thread.id, true);
    this.refresh();
  }

  /** A server that forgot everything takes nothing away from what the person has on the page. */
  #keepIfForgotten(): void {
    const { hello, runs } = this.#session;
    const isOther = this.#epoch !== undefined && this.#epoch !== hello?.['epoch'];
    this.#epoch = hello?.['epoch'];
    if (!isOther) return;
    this.#transcript.clear();
    for (const answer of runs.all) {
      answer.questionId = answer.answerId = undefined;
      answer.touch();
    }
  }

  #leave(before: string | undefined): void {
    const { runs } = this.#session;
    this.#transcript.clear();
    for (const answer of runs.all.filter((each) => each.conversationId === before && before !== undefined)) {
      // What still runs is read on, out of sight, so that it is whole when the person comes back.
      if (!answer.isLive) runs.drop(answer);
    }
    if (before !== undefined) this.#watch(before, false);
    this.changed.emit();
  }

  #watch(id: string | undefined, active: boolean): void {
    if (!this.#session.isNegotiated) return;
    this.#session.ask({ type: 'watch', conversation_id: id, active }, (reply) => this.#isRefused(reply));
  }

  #onAdded(answer: Answer): void {
    const { thread } = this.#session;
    const { conversationId } = answer;
    if (conversationId === undefined || answer.origin === 'history') return;
    if (answer.origin === 'here') {
      thread.open(conversationId);
      thread.begin(answer.question);
    }
    this.#markReplaced(answer);
  }

  #onEnded(answer: Answer): void {
    const { runs } = this.#session;
    // The history tells whether it has taken the place of another one.
    if (answer.state === 'lost' || answer.state === 'unknown') this.#settleReplaced();
    else if (this.#isOwn(answer)) this.refresh();
    else if (answer.conversationId !== undefined) runs.drop(answer);
  }

  /** What was not replaced after all stands as it was. */
  #settleReplaced(): void {
    for (const answer of this.#session.runs.all) {
      if (answer.replacedBy?.isLive !== false) continue;
      answer.replacedBy = undefined;
      answer.touch();
    }
  }

  /** What a question takes the place of is on its way out from the moment it is asked. */
  #markReplaced(newer: Answer): void {
    const from = newer.replaces;
    if (from === undefined) return;
    const own = this.#session.runs.all.filter((answer) => this.#isOwn(answer) && answer !== newer);
    const at = own.findIndex((answer) => answer.questionId === from || answer.answerId === from);
    for (const answer of at === -1 ? [] : own.slice(at)) {
      if (answer.isLive) continue;
      answer.replacedBy = newer;
      answer.touch();
    }
  }

  #reconcile(conversationId: string): void {
    const { runs, thread } = this.#session;
    const { turns } = this.#transcript;
    reconcile(runs, turns, conversationId);
    this.#settleReplaced();
    const onSelected = this.#onSelected;
    this.#onSelected = undefined;
    onSelected?.();
    const [first] = turns;
    if (first !== undefined && !this.hasOlder) thread.begin(textOf(first.question, 'content'));
    this.changed.emit();
  }

  #isRefused(reply: Message): boolean {
    if (reply['type'] !== 'error') return false;
    this.#session.runs.refused.emit({ failure: failureOf(reply) });
    return true;
  }
}
