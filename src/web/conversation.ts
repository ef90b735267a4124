import type { Answer } from './answer.js';
import { AnswerCard, type AnswerActions } from './answer-card.js';
import { byId, el } from './dom.js';
import { failureView } from './failure-view.js';
import type { I18n } from './i18n.js';
import type { Painter } from './painter.js';
import { reveal } from './reveal.js';
import type { Session } from './session.js';
import type { Theme } from './theme.js';
import type { Step } from './version-switch.js';

/** How far from the end still counts as reading along. */
const NEAR_END = 80;
const MAX_NOTICES = 20;
/** Clocks and rhythms of running answers move on although nothing arrives. */
const TICK_MS = 200;

/** The answers, newest last. Follows the end while the person is there, and leaves them alone when they read back. */
export class Conversation {
  readonly #scroller = byId('conversation-scroll', HTMLElement);
  readonly #list = byId('answers', HTMLElement);
  readonly #jump = byId('jump', HTMLButtonElement);
  readonly #cards = new Map<Answer, AnswerCard>();
  readonly #session: Session;
  readonly #i18n: I18n;
  readonly #painter: Painter;
  readonly #actions: AnswerActions;
  #follow = true;
  #lastTop = 0;

  constructor(session: Session, i18n: I18n, theme: Theme, painter: Painter, actions: AnswerActions) {
    this.#session = session;
    this.#i18n = i18n;
    this.#painter = painter;
    this.#actions = actions;
    const { runs, thread } = session;
    for (const answer of runs.all) this.#add(answer);
    runs.added.on((answer) => this.#add(answer));
    runs.dropped.on((answer) => {
      this.#cards.get(answer)?.element.remove();
      this.#cards.delete(answer);
      this.#showEmpty();
    });
    runs.refused.on(({ failure }) => {
      const notice = el('div', { class: 'notice' }, ...failureView(failure, i18n));
      this.#list.append(notice);
      const notices = this.#list.querySelectorAll('.notice');
      if (notices.length > MAX_NOTICES) notices[0]?.remove();
      this.#showEmpty();
      this.#stay();
    });
    thread.moved.on(() => {
      for (const [answer, { element }] of this.#cards) element.hidden = !this.#belongs(answer);
      this.#follow = true;
      this.#showEmpty();
      this.#stay();
    });
    const redraw = (): void => {
      for (const card of this.#cards.values()) card.redraw();
    };
    i18n.changed.on(redraw);
    // While a run is in progress no other version can be chosen.
    runs.counted.on(() => {
      for (const answer of runs.all) if (hasVersions(answer)) answer.touch();
    });
    theme.changed.on(redraw);
    window.addEventListener('resize', () => painter.schedule(redraw));
    this.#scroller.addEventListener('scroll', () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
      // Only the person scrolls up; growth alone must not look like that.
      if (scrollTop < this.#lastTop) this.#follow = false;
      if (scrollTop + clientHeight >= scrollHeight - NEAR_END) this.#follow = true;
      this.#lastTop = scrollTop;
      this.#jump.hidden = this.#follow;
    });
    this.#jump.addEventListener('click', () => {
      this.#follow = true;
      this.#stay();
    });
    setInterval(() => {
      for (const answer of runs.live) answer.touch();
    }, TICK_MS);
    this.#showEmpty();
  }

  /** Removes everything that has ended. */
  clear(): void {
    this.#session.runs.clear();
    for (const notice of this.#list.querySelectorAll('.notice')) notice.remove();
    this.#showEmpty();
  }

  /** Brings an answer before the person. */
  show(answer: Answer): void {
    const element = this.#cards.get(answer)?.element;
    if (element === undefined) return;
    element.hidden = false;
    this.#showEmpty();
    this.#follow = false;
    reveal(element, 'start');
  }

  /** Another version of a question or an answer has come: the person can go on from there. */
  showVersion(id: string, step: Step): void {
    const answer = this.#session.runs.all.find(({ questionId, answerId }) => questionId === id || answerId === id);
    const card = answer === undefined ? undefined : this.#cards.get(answer);
    if (card === undefined) return;
    card.draw();
    card.focusVersion(id, step);
  }

  /** Does something above what is read, which then stays where it is on the screen. */
  holdPlace(change: () => void): void {
    const { top } = this.#scroller.getBoundingClientRect();
    const anchor = [...this.#list.children].find((child) => child.getBoundingClientRect().bottom > top);
    const before = anchor?.getBoundingClientRect().top ?? 0;
    change();
    const after = anchor?.getBoundingClientRect().top ?? 0;
    this.#scroller.scrollTop += after - before;
  }

  #add(answer: Answer): void {
    const card = new AnswerCard(answer, this.#i18n, this.#actions, () => this.#isBusy(answer));
    let wasAway = false;
    const draw = (): void => {
      card.draw();
      const isAway = isOnItsWayOut(answer);
      if (isAway !== wasAway) card.element.hidden = isAway || !this.#belongs(answer);
      wasAway = isAway;
      this.#stay();
    };
    this.#cards.set(answer, card);
    this.#list.insertBefore(card.element, this.#next(answer));
    // What is put above has its height at once, so that the place can be held.
    if (answer.origin === 'history') card.draw();
    card.element.hidden = !this.#belongs(answer);
    answer.changed.on(() => this.#painter.schedule(draw));
    // What the person asked is looked at; what others ask and what was before leaves them where they are.
    if (answer.origin === 'here') this.#follow = true;
    this.#showEmpty();
    this.#painter.schedule(draw);
  }

  /** The card an answer stands before. */
  #next(answer: Answer): HTMLElement | null {
    const { all } = this.#session.runs;
    for (const later of all.slice(all.indexOf(answer) + 1)) {
      const card = this.#cards.get(later);
      if (card !== undefined) return card.element;
    }
    return null;
  }

  /** Whether an answer is part of what the page shows: that of another conversation goes on out of sight. */
  #belongs({ conversationId }: Answer): boolean {
    return conversationId === undefined || conversationId === this.#session.thread.id;
  }

  #isBusy({ conversationId }: Answer): boolean {
    return this.#session.runs.live.some((each) => each.conversationId === conversationId);
  }

  #stay(): void {
    if (this.#follow) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = this.#follow;
  }

  #showEmpty(): void {
    byId('answers-dropped', HTMLElement).hidden = !this.#session.runs.hasDropped;
    byId('welcome', HTMLElement).hidden = [...this.#list.children].some((child) => !(child as HTMLElement).hidden);
  }
}

function hasVersions({ questionVersions, answerVersions }: Answer): boolean {
  return questionVersions.length > 0 || answerVersions.length > 0;
}

/** Another version has begun in its place; where that comes to nothing it is shown again. */
function isOnItsWayOut({ replacedBy }: Answer): boolean {
  return replacedBy !== undefined && replacedBy.position.at > 0;
}
