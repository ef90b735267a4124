import { en } from './locale/en.js';
import type { TextKey, Texts } from './locale/texts.js';
import { zh } from './locale/zh.js';
import { Preference } from './preference.js';
import { Signal } from './signal.js';

export type Language = 'en' | 'zh';
export type TextValues = Readonly<Record<string, string | number>>;

const texts: Readonly<Record<Language, Texts>> = { en, zh };
/** Where a translated text goes, by the attribute that names its key. */
const targets = [
  ['data-t', null],
  ['data-t-label', 'aria-label'],
  ['data-t-title', 'title'],
  ['data-t-placeholder', 'placeholder'],
] as const;

/** The language of the page. Elements that carry `data-t…` follow it by themselves; others listen to `changed`. */
export class I18n {
  readonly changed = new Signal();
  readonly #preference = new Preference<Language>('language', ['en', 'zh']);
  #language: Language;

  constructor(languages: readonly string[] = navigator.languages) {
    const first = languages.find((language) => /^(zh|en)\b/i.test(language)) ?? 'en';
    this.#language = this.#preference.read() ?? (/^zh/i.test(first) ? 'zh' : 'en');
    this.#apply();
  }

  get language(): Language {
    return this.#language;
  }

  set language(language: Language) {
    this.#language = language;
    this.#preference.write(language);
    this.#apply();
    this.changed.emit();
  }

  /** The text with `{name}` replaced by its value. */
  t(key: TextKey, values: TextValues = {}): string {
    return texts[this.#language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  /** The text for a key that may not be one: message types and codes come from the server. */
  maybe(key: string): string | undefined {
    const all: Readonly<Record<string, string>> = texts[this.#language];
    return Object.hasOwn(all, key) ? all[key] : undefined;
  }

  /** Translates everything inside `root` that names a key. */
  translate(root: ParentNode): void {
    for (const [source, target] of targets) {
      for (const element of root.querySelectorAll(`[${source}]`)) {
        const text = this.maybe(element.getAttribute(source) ?? '');
        if (text === undefined) continue;
        if (target === null) element.textContent = text;
        else element.setAttribute(target, text);
      }
    }
  }

  #apply(): void {
    document.documentElement.lang = this.#language === 'zh' ? 'zh-CN' : 'en';
    document.title = this.t('page.title');
    this.translate(document);
  }
}
