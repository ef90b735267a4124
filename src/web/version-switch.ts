import { el, icon, setText } from './dom.js';
import type { I18n } from './i18n.js';

/** Towards the version asked for earlier, or later. */
export type Step = -1 | 1;

/** `‹ 2/3 ›`: goes to another version of a question or an answer, where there are several. */
export class VersionSwitch {
  readonly element = el('div', { class: 'versions', role: 'group', hidden: true });
  readonly #i18n: I18n;
  readonly #of: 'question' | 'answer';
  readonly #select: (id: string, step: Step) => void;
  readonly #place = el('span', { 'aria-hidden': 'true' });
  readonly #buttons: Readonly<Record<Step, HTMLButtonElement>>;
  #ids: readonly string[] = [];
  #at = 0;

  constructor(i18n: I18n, of: 'question' | 'answer', select: (id: string, step: Step) => void) {
    this.#i18n = i18n;
    this.#of = of;
    this.#select = select;
    this.#buttons = { [-1]: this.#button(-1), 1: this.#button(1) };
    this.element.append(this.#buttons[-1], this.#place, this.#buttons[1]);
  }

  /** `isHeld`: the server changes nothing while a run is in progress. */
  draw(ids: readonly string[], current: string | undefined, isHeld: boolean): void {
    this.#ids = ids;
    this.#at = ids.indexOf(current ?? '');
    this.element.hidden = ids.length < 2 || this.#at === -1;
    const values = { at: this.#at + 1, count: ids.length };
    setText(this.#place, `${values.at}/${values.count}`);
    this.element.setAttribute('aria-label', this.#i18n.t(`versions.${this.#of}`, values));
    this.#buttons[-1].disabled = isHeld || this.#at === 0;
    this.#buttons[1].disabled = isHeld || this.#at === ids.length - 1;
  }

  /** Lets the person go on in the same direction, or back where it ends. */
  focus(step: Step): void {
    const button = this.#buttons[step];
    (button.disabled ? this.#buttons[step === 1 ? -1 : 1] : button).focus();
  }

  #button(step: Step): HTMLButtonElement {
    const key = step === -1 ? 'versions.previous' : 'versions.next';
    const button = el(
      'button',
      { type: 'button', class: 'small-button', 'data-t-label': key, 'data-t-title': key },
      icon(step === -1 ? 'previous' : 'next'),
    );
    button.addEventListener('click', () => {
      const id = this.#ids[this.#at + step];
      if (id !== undefined) this.#select(id, step);
    });
    return button;
  }
}
