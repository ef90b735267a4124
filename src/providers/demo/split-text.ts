import type { Language } from './language.js';

/**
 * Cuts a text into pieces of about one word, each with the spaces and punctuation that follow it. Chinese, which has no
 * spaces between words, is cut at words, too.
 */
export function splitText(text: string, language: Language): string[] {
  const pieces: string[] = [];
  let piece = '';
  let hasWord = false;
  for (const { segment, isWordLike } of new Intl.Segmenter(language, { granularity: 'word' }).segment(text)) {
    if (isWordLike === true && hasWord) {
      pieces.push(piece);
      piece = '';
    }
    hasWord ||= isWordLike === true;
    piece += segment;
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}
