import type { Answer } from './answer.js';
import { AnswerCard, type AnswerActions } from './answer-card.js';
import { byId, el } from './dom.js';
import { failureView } from './failure-view.js';
import type { I18n } from './i18n.js';
import type { Painter } from './painter.js';
import type { Runs } from './runs.js';
import type { Theme } from './theme.js';

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
  readonly #runs: Runs;
  #follow = true;
  #lastTop = 0;

  constructor(runs: Runs, i18n: I18n, theme: Theme, painter: Painter, actions: AnswerActions) {
    this.#runs = runs;
    runs.asked.on((answer) => {
      const card = new AnswerCard(answer, i18n, actions);
      const draw = (): void => {
        card.draw();
        this.#stay();
      };
      this.#cards.set(answer, card);
      this.#list.append(card.element);
      answer.changed.on(() => painter.schedule(draw));
      this.#follow = true;
      this.#showEmpty();
      painter.schedule(draw);
    });
    runs.dropped.on((answer) => {
      this.#cards.get(answer)?.element.remove();
      this.#cards.delete(answer);
      byId('answers-dropped', HTMLElement).hidden = false;
      this.#showEmpty();
    });
    runs.refused.on(({ failure }) => {
      const draw = (): void => notice.replaceChildren(...failureView(failure, i18n));
      const notice = el('div', { class: 'notice' });
      draw();
      this.#list.append(notice);
      const notices = this.#list.querySelectorAll('.notice');
      if (notices.length > MAX_NOTICES) notices[0]?.remove();
      this.#showEmpty();
      this.#stay();
    });
    const redraw = (): void => {
      for (const card of this.#cards.values()) card.redraw();
    };
    i18n.changed.on(redraw);
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
      for (const answer of runs.live) answer.changed.emit();
    }, TICK_MS);
  }

  /** Removes everything that has ended. */
  clear(): void {
    this.#runs.clear();
    for (const notice of this.#list.querySelectorAll('.notice')) notice.remove();
    byId('answers-dropped', HTMLElement).hidden = true;
    this.#showEmpty();
  }

  #stay(): void {
    if (this.#follow) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = this.#follow;
  }

  #showEmpty(): void {
    byId('welcome', HTMLElement).hidden = this.#list.childElementCount > 0;
  }
}
