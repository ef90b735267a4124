import { el } from './dom.js';
import type { I18n } from './i18n.js';

/** A question open for change. Enter sends it, Escape leaves it as it was. */
export class QuestionEditor {
  readonly element: HTMLFormElement;
  readonly #area: HTMLTextAreaElement;

  constructor(question: string, i18n: I18n, onDone: (question: string | undefined) => void) {
    this.#area = el('textarea', { rows: 1, spellcheck: 'false', 'data-t-label': 'answer.edit.label' });
    this.#area.value = question;
    const cancel = el('button', { type: 'button', class: 'small-button', 'data-t': 'answer.edit.cancel' });
    cancel.addEventListener('click', () => onDone(undefined));
    this.element = el(
      'form',
      { class: 'question-editor' },
      this.#area,
      el(
        'div',
        { class: 'question-editor-foot' },
        el('p', { 'data-t': 'answer.edit.help' }),
        cancel,
        el('button', { type: 'submit', class: 'button primary', 'data-t': 'composer.send' }),
      ),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      const { value } = this.#area;
      if (value.trim() !== '') onDone(value);
    });
    this.#area.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') onDone(undefined);
      // While an input method composes, Enter picks a candidate.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.element.requestSubmit();
    });
    i18n.translate(this.element);
  }

  focus(): void {
    this.#area.focus();
    this.#area.setSelectionRange(this.#area.value.length, this.#area.value.length);
  }
}
