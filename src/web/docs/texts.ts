import { ERROR_CODES, type ErrorCode } from '../../protocol/error-codes.js';
import { docsTexts } from '../locale/docs-texts.js';
import { texts } from '../locale/texts.js';
import { translator, type Language } from '../locale/translators.js';
import { zhMeanings } from '../locale/zh-meanings.js';

/** Only some messages go to these clients; a badge says so. */
const NEGOTIATED = ' Only for clients that negotiated the subprotocol.';

const all = { ...texts, ...docsTexts };
/** The texts of both pages: what the test page names, the documentation names alike. */
export const docs = { en: translator('en', all), zh: translator('zh', all) };
export type DocsI18n = (typeof docs)[Language];

export type DocsKey = keyof typeof docsTexts;

const keys = Object.keys(docsTexts) as DocsKey[];
/** The guides, with the keys of their steps. */
export const GUIDES = keys
  .filter((key) => /^guide\.[^.]+$/.test(key))
  .map((title) => ({ id: title.slice(6), title, steps: keys.filter((key) => key.startsWith(`${title}.`)) }));

/** A meaning from the documents of the server, in the language of the page. */
export function meaning(text: string | undefined, language: Language): string {
  const short = (text ?? '').replace(NEGOTIATED, '');
  return language === 'zh' ? (zhMeanings[short] ?? short) : short;
}

/** What an error code means, with marks around code if the protocol itself tells it. */
export function errorMeaning(code: ErrorCode, { language, t }: DocsI18n): string {
  return language === 'en' ? ERROR_CODES[code].meaning : t(`error.${code}`);
}
