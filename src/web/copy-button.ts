import { el, icon } from './dom.js';
import type { I18n } from './i18n.js';

const SHOWN_MS = 1_500;

/** A button that copies a text and says so for a moment. */
export function copyButton(i18n: I18n, text: () => string): HTMLButtonElement {
  const label = el('span', { 'data-t': 'copy' }, i18n.t('copy'));
  const button = el('button', { type: 'button', class: 'small-button' }, icon('copy'), label);
  button.addEventListener('click', () => {
    void copy(text()).then((done) => {
      label.textContent = i18n.t(done ? 'copied' : 'copyFailed');
      setTimeout(() => (label.textContent = i18n.t('copy')), SHOWN_MS);
    });
  });
  return button;
}

/** The clipboard needs a secure context or a permission, and may refuse. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
