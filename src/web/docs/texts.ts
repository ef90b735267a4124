import { docsEn } from '../locale/docs-en.js';
import type { DocsTexts } from '../locale/docs-texts.js';
import { docsZh } from '../locale/docs-zh.js';
import { zhMeanings } from '../locale/zh-meanings.js';
import { ERROR_CODES } from '../../protocol/error-codes.js';
import type { I18n, Language } from '../ui/i18n.js';

/** Only some messages go to these clients; a badge says so. */
const NEGOTIATED = ' Only for clients that negotiated the subprotocol.';

export function docsTexts(language: Language): DocsTexts {
  return language === 'zh' ? docsZh : docsEn;
}

/** A meaning from the documents of the server, in the language of the page. */
export function meaning(text: string, language: Language): string {
  const short = text.replace(NEGOTIATED, '');
  return language === 'zh' ? (zhMeanings[short] ?? short) : short;
}

/** What an error code means. English comes from the protocol itself. */
export function errorMeaning(code: string, { language, maybe }: I18n): string {
  const english = Object.entries(ERROR_CODES).find(([name]) => name === code)?.[1].meaning ?? '';
  return language === 'en' ? english : (maybe(`error.${code}`) ?? english);
}
