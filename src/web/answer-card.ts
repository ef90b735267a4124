import type { Answer } from './answer.js';
import { AnswerMetrics } from './answer-metrics.js';
import type { ApprovalPiece } from './answer-piece.js';
import type { Decision } from './approvals.js';
import type { Attached } from './attached.js';
import { AttachedView } from './attached-view.js';
import { copyButton } from './copy-button.js';
import { el, icon, setText } from './dom.js';
import { failureView } from './failure-view.js';
import type { I18n } from './i18n.js';
import type { TextKey } from './locale/texts.js';
import type { DrawnPiece } from './drawn-piece.js';
import { createPieceView } from './piece-view.js';
import { QuestionEditor } from './question-editor.js';
import { RhythmView } from './rhythm.js';
import { VersionSwitch, type Step } from './version-switch.js';

/** What the person can do with an answer. */
export interface AnswerActions {
  cancel(answer: Answer): void;
  repeat(answer: Answer): void;
  reattach(answer: Answer): void;
  edit(answer: Answer, question: string): void;
  regenerate(answer: Answer): void;
  /** Goes to the branch of a message. */
  selectVersion(id: string, step: Step): void;
  /** Fetches the bytes of an attachment. */
  load(answer: Answer, attached: Attached): void;
  decide(answer: Answer, approval: ApprovalPiece, decision: Decision): void;
  showInLog(text: string): void;
}

/** One question and its answer on the page. */
export class AnswerCard {
  readonly element: HTMLElement;
  readonly #answer: Answer;
  readonly #i18n: I18n;
  readonly #actions: AnswerActions;
  readonly #question: HTMLHeadingElement;
  readonly #body = el('div', { class: 'answer-body' });
  readonly #failure = el('div', { class: 'answer-failure' });
  readonly #state = el('span', { class: 'state' });
  readonly #resumed = el('span', { class: 'resumed' });
  readonly #metrics: AnswerMetrics;
  readonly #rhythm = new RhythmView();
  readonly #cancel: HTMLButtonElement;
  readonly #done = el('div', { class: 'answer-actions' });
  readonly #reattach: HTMLButtonElement;
  readonly #again: HTMLButtonElement;
  readonly #edit: HTMLButtonElement;
  readonly #regenerate: HTMLButtonElement;
  readonly #attached: AttachedView;
  readonly #questions: VersionSwitch;
  readonly #answers: VersionSwitch;
  readonly #isBusy: () => boolean;
  #editor: QuestionEditor | undefined;
  #views: DrawnPiece[] = [];
  #generation = 0;

  /** `isBusy`: whether a run of the conversation is in progress. */
  constructor(answer: Answer, i18n: I18n, actions: AnswerActions, isBusy: () => boolean) {
    this.#answer = answer;
    this.#i18n = i18n;
    this.#actions = actions;
    this.#isBusy = isBusy;
    const select = (id: string, step: Step): void => actions.selectVersion(id, step);
    this.#questions = new VersionSwitch(i18n, 'question', select);
    this.#answers = new VersionSwitch(i18n, 'answer', select);
    this.#attached = new AttachedView(i18n, (attached) => actions.load(answer, attached));
    this.#metrics = new AnswerMetrics(i18n);
    this.#cancel = button('stop', 'answer.cancel', () => actions.cancel(answer));
    this.#cancel.classList.add('danger');
    this.#reattach = button('refresh', 'answer.reattach', () => actions.reattach(answer));
    this.#again = button('repeat', 'answer.repeat', () => actions.repeat(answer));
    this.#edit = button('edit', 'answer.edit', () => this.#openEditor());
    this.#regenerate = button('refresh', 'answer.regenerate', () => actions.regenerate(answer));
    const log = button('search', 'answer.showInLog', () =>
      actions.showInLog(answer.runId ?? answer.question.slice(0, 40)),
    );
    this.#done.append(
      this.#answers.element,
      copyButton(i18n, () => answer.text),
      this.#edit,
      this.#regenerate,
      this.#again,
      log,
      this.#reattach,
    );
    const title = `answer-${answer.key}`;
    this.#question = el('h3', { id: title }, answer.question);
    this.element = el(
      'article',
      { class: 'answer', 'aria-labelledby': title, 'data-kind': answer.kind, 'data-origin': answer.origin },
      el(
        'header',
        { class: 'ask' },
        this.#question,
        el(
          'div',
          { class: 'ask-meta' },
          this.#questions.element,
          answer.origin === 'watched' ? el('span', { 'data-t': 'answer.watched' }) : null,
          answer.origin === 'history' ? null : el('code', {}, answer.kind),
          el(
            'time',
            { datetime: new Date(answer.time).toISOString(), title: new Date(answer.time).toLocaleString() },
            new Date(answer.time).toLocaleTimeString('en-GB'),
          ),
        ),
      ),
      this.#attached.element,
      this.#body,
      this.#failure,
      el(
        'footer',
        { class: 'answer-foot' },
        this.#rhythm.element,
        el('div', { class: 'answer-line' }, this.#state, this.#resumed, this.#metrics.element),
        el('div', { class: 'answer-buttons' }, this.#cancel, this.#done),
      ),
    );
    i18n.translate(this.element);
  }

  /** Draws what changed. */
  draw(): void {
    const answer = this.#answer;
    const live = answer.isLive;
    const { dataset } = this.element;
    dataset['state'] = answer.state;
    dataset['cut'] = String(answer.isCut);
    dataset['replaced'] = String(answer.replacedBy !== undefined);
    this.#drawPieces();
    setText(this.#state, this.#stateText());
    setText(this.#resumed, this.#resumedText());
    this.#cancel.hidden = !live;
    this.#cancel.disabled = answer.cancelling || answer.isCut;
    this.#done.hidden = live || answer.replacedBy !== undefined;
    this.#reattach.hidden = answer.state !== 'lost' || answer.runId === undefined;
    const isInHistory = answer.questionId !== undefined;
    this.#edit.hidden = this.#regenerate.hidden = !isInHistory;
    this.#again.hidden = isInHistory || !answer.canRepeat;
    this.#attached.draw(answer.attached);
    const isBusy = this.#isBusy();
    this.#questions.draw(answer.questionVersions, answer.questionId, isBusy);
    this.#answers.draw(answer.answerVersions, answer.answerId, isBusy);
    this.#drawFailure();
    this.#metrics.draw(answer);
    this.#rhythm.element.hidden = answer.kind !== 'streaming_query' || answer.position.at === 0 || !hasRhythm(answer);
    this.#rhythm.element.setAttribute('aria-label', this.#i18n.t('answer.rhythm', { count: answer.chunks }));
    this.#rhythm.draw(answer);
  }

  /** Puts the focus on the switch that leads on from a version. */
  focusVersion(id: string, step: Step): void {
    (id === this.#answer.questionId ? this.#questions : this.#answers).focus(step);
  }

  /** After another language or theme was chosen. */
  redraw(): void {
    this.#i18n.translate(this.element);
    this.#rhythm.element.width = 0;
    this.draw();
  }

  #stateText(): string {
    const { state, isCut, cancelling, replacedBy, isLive, place } = this.#answer;
    if (isCut) return this.#i18n.t('state.cut');
    if (cancelling) return this.#i18n.t('state.cancelling');
    if (!isLive && replacedBy !== undefined) return this.#i18n.t('state.replaced');
    if (state === 'queued' && place !== undefined) return this.#i18n.t('state.queuedAt', { count: place });
    return this.#i18n.t(`state.${state}`);
  }

  #resumedText(): string {
    const { resumed, isCut } = this.#answer;
    if (resumed === undefined || isCut) return '';
    if (resumed.times > 1) return this.#i18n.t('answer.resumedAgain', { ...resumed });
    return this.#i18n.t(resumed.after === 0 ? 'answer.resumedStart' : 'answer.resumed', { ...resumed });
  }

  #drawFailure(): void {
    const { state, failure } = this.#answer;
    // Of a server that restarted its code says less than what follows from it.
    const note = state === 'unknown' ? [el('p', { class: 'answer-note' }, this.#i18n.t('answer.unknown'))] : undefined;
    this.#failure.replaceChildren(...(note ?? failureView(failure, this.#i18n)));
  }

  #drawPieces(): void {
    const { pieces, generation, isLive } = this.#answer;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#views = [];
      this.#body.replaceChildren();
    }
    for (const [index, piece] of pieces.entries()) {
      let view = this.#views[index];
      if (view === undefined) {
        view = createPieceView(piece, this.#i18n, (approval, approved, reason) =>
          this.#actions.decide(this.#answer, approval, { approved, reason }),
        );
        this.#i18n.translate(view.element);
        this.#views.push(view);
        this.#body.append(view.element);
      }
      view.update(isLive && index === pieces.length - 1);
    }
  }

  #openEditor(): void {
    if (this.#editor !== undefined) return;
    const close = (question: string | undefined): void => {
      this.#editor?.element.remove();
      this.#editor = undefined;
      this.#question.hidden = false;
      this.#edit.focus();
      if (question !== undefined) this.#actions.edit(this.#answer, question);
    };
    this.#editor = new QuestionEditor(this.#answer.question, this.#i18n, close);
    this.#question.hidden = true;
    this.#question.after(this.#editor.element);
    this.#editor.focus();
  }
}

function hasRhythm(answer: Answer): boolean {
  return answer.isLive || answer.chunks > 0;
}

function button(iconName: string, key: TextKey, onClick: () => void): HTMLButtonElement {
  const element = el(
    'button',
    { type: 'button', class: 'small-button' },
    icon(iconName),
    el('span', { 'data-t': key }),
  );
  element.addEventListener('click', onClick);
  return element;
}
