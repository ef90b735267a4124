import { texts, type TextKey } from '../locale/texts.js';
import { translator, type Language, type Translator } from '../locale/translators.js';
import { readChoice, writeKept } from './kept.js';
import { useValue, Value } from './signal.js';

export type { Language, TextValues } from '../locale/translators.js';
/** What a component needs to speak the language of the page. */
export type I18n = Translator<TextKey>;

const translators: Readonly<Record<Language, I18n>> = { en: translator('en', texts), zh: translator('zh', texts) };
const current = new Value(readChoice<Language>('language', ['en', 'zh']) ?? preferred(navigator.languages));
showLanguage(current.value);

/** The language of the page. The component renders again when another one is chosen. */
export function useI18n(): I18n {
  return translators[useValue(current)];
}

/** The language of the page at this moment, outside of components. */
export function currentI18n(): I18n {
  return translators[current.value];
}

export function setLanguage(language: Language): void {
  current.value = language;
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
