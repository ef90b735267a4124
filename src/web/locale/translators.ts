import { CLOSE_MEANINGS } from '../../protocol/documented-close-codes.js';
import { ERROR_CODES } from '../../protocol/error-codes.js';
import { fill } from '../ui/fill.js';
import { zhCodes } from './zh-codes.js';

export type Language = 'en' | 'zh';
/** A text in both languages. `{name}` stands for a value. */
export type Text = readonly [en: string, zh: string];
export type TextValues = Readonly<Record<string, string | number>>;
export type CodeKey = keyof typeof zhCodes;

/** What a component needs to speak the language of the page. */
export interface Translator<Key extends string> {
  readonly language: Language;
  /** The text with every `{name}` replaced by its value. */
  readonly t: (key: Key, values?: TextValues) => string;
  /** The text of a key that may not exist: message types and codes come from the server. */
  readonly maybe: (key: string) => string | undefined;
}

// The tables of the protocol are written in English: their meanings are the texts.
const enCodes = Object.fromEntries([
  ...Object.entries(CLOSE_MEANINGS).map(([name, meaning]) => [`close.${name}`, meaning]),
  ...Object.entries(ERROR_CODES).map(([code, { meaning }]) => [`error.${code}`, meaning.replaceAll('`', '')]),
]) as Readonly<Record<CodeKey, string>>;

/** Tells the texts of a table, and what codes mean. */
export function translator<Key extends string>(
  language: Language,
  table: Readonly<Record<Key, Text>>,
): Translator<Key | CodeKey> {
  const texts = new Map<string, string>(Object.entries(language === 'zh' ? zhCodes : enCodes));
  for (const [key, text] of Object.entries<Text>(table)) texts.set(key, text[language === 'zh' ? 1 : 0]);
  return {
    language,
    t: (key, values = {}) => fill(texts.get(key) ?? key, values),
    maybe: (key) => texts.get(key),
  };
}
