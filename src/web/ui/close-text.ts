import { CLOSE_CODES } from '../../protocol/close-codes.js';
import type { I18n } from './i18n.js';

/** What a close code means, in the language of the page. */
export function closeText(closeCode: number, { t, maybe }: I18n): string {
  const [name] = Object.entries(CLOSE_CODES).find(([, { code }]) => code === closeCode) ?? [];
  return maybe(`close.${name}`) ?? t('close.unknown');
}
