/** The languages the demo speaks. */
export type Language = 'en' | 'zh';

/**
 * The language of the newest text that has one: Chinese if the text has at least as many Chinese characters as words in
 * Latin letters. Japanese also uses Chinese characters, but never without kana.
 * @param texts newest first
 */
export function languageOf(texts: Iterable<string>): Language {
  for (const text of texts) {
    const characters = count(text, /\p{Script=Han}/gu);
    const words = count(text, /\p{Script=Latin}+/gu);
    if (characters === 0 && words === 0) continue;
    return characters > 0 && characters >= words && !/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)
      ? 'zh'
      : 'en';
  }
  return 'en';
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
