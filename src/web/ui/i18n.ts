import { en } from '../locale/en.js';
import type { TextKey, Texts } from '../locale/texts.js';
import { zh } from '../locale/zh.js';
import { readChoice, writeKept } from './kept.js';
import { createValue, useValue } from './value.js';
import { fill } from './fill.js';

export type Language = 'en' | 'zh';
export type TextValues = Readonly<Record<string, string | number>>;

/** What a component needs to speak the language of the page. */
export interface I18n {
  readonly language: Language;
  /** The text with every `{name}` replaced by its value. */
  readonly t: (key: TextKey, values?: TextValues) => string;
  /** The text of a key that may not exist: message types and codes come from the server. */
  readonly maybe: (key: string) => string | undefined;
}

const translators: Readonly<Record<Language, I18n>> = { en: translator('en', en), zh: translator('zh', zh) };
const current = createValue(readChoice<Language>('language', ['en', 'zh']) ?? preferred(navigator.languages));
showLanguage(current.get());

/** The language of the page. The component renders again when another one is chosen. */
export function useI18n(): I18n {
  return translators[useValue(current)];
}

/** The language of the page at this moment, outside of components. */
export function currentI18n(): I18n {
  return translators[current.get()];
}

export function setLanguage(language: Language): void {
  current.set(language);
  writeKept('localStorage', 'language', language);
  showLanguage(language);
}

/** The first language of the person that the page speaks. */
function preferred(languages: readonly string[]): Language {
  return /^zh/i.test(languages.find((language) => /^(zh|en)\b/i.test(language)) ?? '') ? 'zh' : 'en';
}

function showLanguage(language: Language): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

function translator(language: Language, texts: Texts): I18n {
  const all: Readonly<Record<string, string>> = texts;
  return {
    language,
    t: (key, values = {}) => fill(texts[key], values),
    maybe: (key) => (Object.hasOwn(all, key) ? all[key] : undefined),
  };
}
