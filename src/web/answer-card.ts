import type { Answer } from './answer.js';
import { copyButton } from './copy-button.js';
import { el, icon, setText } from './dom.js';
import { failureView } from './failure-view.js';
import { formatMs, formatRate } from './format.js';
import type { I18n, TextKey } from './i18n.js';
import { createPieceView, type PieceView } from './piece-view.js';
import { RhythmView } from './rhythm.js';

/** What the person can do with an answer. */
export interface AnswerActions {
  cancel(answer: Answer): void;
  repeat(answer: Answer): void;
  reattach(answer: Answer): void;
  showInLog(text: string): void;
}

/** One question and its answer on the page. */
export class AnswerCard {
  readonly element: HTMLElement;
  readonly #answer: Answer;
  readonly #i18n: I18n;
  readonly #body = el('div', { class: 'answer-body' });
  readonly #failure = el('div', { class: 'answer-failure' });
  readonly #state = el('span', { class: 'state' });
  readonly #metrics = el('dl', { class: 'metrics' });
  readonly #rhythm = new RhythmView();
  readonly #cancel: HTMLButtonElement;
  readonly #done = el('div', { class: 'answer-actions' });
  readonly #reattach: HTMLButtonElement;
  #views: PieceView[] = [];
  #generation = 0;

  constructor(answer: Answer, i18n: I18n, actions: AnswerActions) {
    this.#answer = answer;
    this.#i18n = i18n;
    this.#cancel = button('stop', 'answer.cancel', () => actions.cancel(answer));
    this.#cancel.classList.add('danger');
    this.#reattach = button('refresh', 'answer.reattach', () => actions.reattach(answer));
    const log = button('search', 'answer.showInLog', () =>
      actions.showInLog(answer.runId ?? answer.question.slice(0, 40)),
    );
    const again = button('repeat', 'answer.repeat', () => actions.repeat(answer));
    this.#done.append(
      copyButton(i18n, () => answer.text),
      again,
      log,
      this.#reattach,
    );
    const title = `answer-${answer.key}`;
    this.element = el(
      'article',
      { class: 'answer', 'aria-labelledby': title, 'data-kind': answer.kind },
      el(
        'header',
        { class: 'ask' },
        el('h3', { id: title }, answer.question),
        el(
          'p',
          { class: 'ask-meta' },
          el('code', {}, answer.kind),
          el('time', {}, new Date(answer.time).toLocaleTimeString('en-GB')),
        ),
      ),
      this.#body,
      this.#failure,
      el(
        'footer',
        { class: 'answer-foot' },
        this.#rhythm.element,
        el('div', { class: 'answer-line' }, this.#state, this.#metrics),
        el('div', { class: 'answer-buttons' }, this.#cancel, this.#done),
      ),
    );
    i18n.translate(this.element);
  }

  /** Draws what changed. */
  draw(): void {
    const answer = this.#answer;
    const live = answer.isLive;
    this.element.dataset['state'] = answer.state;
    this.#drawPieces();
    setText(this.#state, this.#i18n.t(answer.cancelling ? 'state.cancelling' : `state.${answer.state}`));
    this.#cancel.hidden = !live;
    this.#cancel.disabled = answer.cancelling;
    this.#done.hidden = live;
    this.#reattach.hidden = answer.state !== 'lost' || answer.runId === undefined;
    this.#failure.replaceChildren(...failureView(answer.failure, this.#i18n));
    this.#drawMetrics();
    this.#rhythm.element.hidden = answer.kind !== 'streaming_query' || (!live && answer.chunks === 0);
    this.#rhythm.element.setAttribute('aria-label', this.#i18n.t('answer.rhythm', { count: answer.chunks }));
    this.#rhythm.draw(answer);
  }

  /** After another language or theme was chosen. */
  redraw(): void {
    this.#i18n.translate(this.element);
    this.#rhythm.element.width = 0;
    this.draw();
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
        view = createPieceView(piece, this.#i18n);
        this.#i18n.translate(view.element);
        this.#views.push(view);
        this.#body.append(view.element);
      }
      view.update(isLive && index === pieces.length - 1);
    }
  }

  #drawMetrics(): void {
    const answer = this.#answer;
    const entries: [TextKey, string | undefined][] = [];
    if (answer.kind === 'streaming_query') {
      const { firstMs, chunksPerSecond, tokensPerSecond } = answer;
      entries.push(
        ['metric.first', firstMs === undefined ? undefined : formatMs(firstMs)],
        ['metric.chunks', answer.chunks === 0 ? undefined : String(answer.chunks)],
        tokensPerSecond === undefined
          ? ['metric.chunkRate', chunksPerSecond === undefined ? undefined : formatRate(chunksPerSecond)]
          : ['metric.tokenRate', formatRate(tokensPerSecond)],
      );
    }
    entries.push(['metric.elapsed', formatMs(answer.elapsedMs)]);
    if (answer.usage !== undefined) {
      const { input_tokens, output_tokens, estimated } = answer.usage;
      entries.push(['metric.usage', `${estimated === true ? '≈ ' : ''}${input_tokens} → ${output_tokens}`]);
    }
    const finish = [answer.finishReason, answer.cancelReason].filter((part) => part !== undefined).join(' · ');
    if (finish !== '') entries.push(['metric.finish', finish]);
    const who = [answer.vendor, answer.model].filter((part) => part !== undefined).join(' · ');
    if (who !== '') entries.push(['metric.model', who]);
    const shown = entries.filter(([, value]) => value !== undefined);
    // Elements are kept while the same metrics are shown, so that a running answer does not rebuild them.
    const keys = shown.map(([key]) => key).join(' ') + this.#i18n.language;
    if (this.#metrics.dataset['keys'] !== keys) {
      this.#metrics.dataset['keys'] = keys;
      this.#metrics.replaceChildren(
        ...shown.map(([key]) =>
          el('div', { 'data-metric': key.slice('metric.'.length) }, el('dt', {}, this.#i18n.t(key)), el('dd')),
        ),
      );
    }
    for (const [index, value] of [...this.#metrics.querySelectorAll('dd')].entries()) {
      setText(value, shown[index]?.[1] ?? '');
    }
  }
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
