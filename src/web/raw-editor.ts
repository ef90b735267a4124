import { el, setText } from './dom.js';
import type { I18n } from './i18n.js';

const EXAMPLE = '{"type": "ping"}';

/** A text sent exactly as it is, valid or not: broken messages are worth trying too. */
export class RawEditor {
  readonly element: HTMLElement;
  readonly #area = el('textarea', {
    id: 'raw-json',
    class: 'mono',
    rows: 4,
    spellcheck: 'false',
    autocapitalize: 'off',
  });
  readonly #verdict = el('p', { class: 'field-help', id: 'raw-verdict' });
  readonly #i18n: I18n;

  constructor(i18n: I18n) {
    this.#i18n = i18n;
    this.#area.setAttribute('aria-describedby', 'raw-verdict');
    this.element = el(
      'div',
      { class: 'form' },
      el(
        'div',
        { class: 'field' },
        el('label', { class: 'visually-hidden', for: 'raw-json', 'data-t': 'composer.raw' }, i18n.t('composer.raw')),
        this.#area,
        this.#verdict,
      ),
    );
    this.#area.addEventListener('input', () => this.#check());
    i18n.changed.on(() => this.#check());
    this.text = EXAMPLE;
  }

  get text(): string {
    return this.#area.value;
  }

  set text(text: string) {
    this.#area.value = text;
    this.#check();
  }

  focus(): void {
    this.#area.focus();
  }

  #check(): void {
    try {
      JSON.parse(this.#area.value);
      setText(this.#verdict, this.#i18n.t('raw.valid'));
    } catch {
      setText(this.#verdict, this.#i18n.t('raw.invalid'));
    }
  }
}
