import { CLOSE_CODES, type CloseCodeName } from '../protocol/close-codes.js';
import { ERROR_CODES, type ErrorCode } from '../protocol/error-codes.js';
import { bindClosing } from './dialog.js';
import { byId, el } from './dom.js';
import type { I18n } from './i18n.js';

/** The tables of close codes and error codes, in the language of the page. */
export function bindCodesDialog(i18n: I18n): void {
  const dialog = byId('codes', HTMLDialogElement);
  const fill = (): void => {
    byId('close-codes', HTMLElement).replaceChildren(
      ...(Object.keys(CLOSE_CODES) as CloseCodeName[]).map((name) => {
        const { code, reconnect } = CLOSE_CODES[name];
        return row(String(code), i18n.t(`close.${name}`), i18n.t(`reconnect.${reconnect}`));
      }),
    );
    byId('error-codes', HTMLElement).replaceChildren(
      ...(Object.keys(ERROR_CODES) as ErrorCode[]).map((code) =>
        row(code, i18n.t(`error.${code}`), i18n.t(ERROR_CODES[code].retryable ? 'yes' : 'no')),
      ),
    );
  };
  byId('open-codes', HTMLButtonElement).addEventListener('click', () => {
    fill();
    dialog.showModal();
  });
  bindClosing(dialog, byId('close-codes-dialog', HTMLButtonElement));
  i18n.changed.on(fill);
}

function row(code: string, meaning: string, then: string): HTMLElement {
  // A long code may break behind a part of it, and nowhere else.
  const parts = code.split(/(?<=_)/).flatMap((part, index) => (index === 0 ? [part] : [el('wbr'), part]));
  return el('tr', {}, el('th', { scope: 'row' }, el('code', {}, ...parts)), el('td', {}, meaning), el('td', {}, then));
}
