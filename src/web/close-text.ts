import { CLOSE_CODES, type CloseCodeName } from '../protocol/close-codes.js';
import type { I18n } from './i18n.js';

const names = new Map(Object.entries(CLOSE_CODES).map(([name, info]) => [info.code as number, name as CloseCodeName]));

/** What a close code means, in the language of the page. */
export function closeText(code: number, i18n: I18n): string {
  const name = names.get(code);
  if (name === undefined) return i18n.t('close.unknown');
  return i18n.t(`close.${name}`);
}
