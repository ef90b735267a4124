/** What JSON leaves as it is and a terminal obeys, or nobody sees: C1 controls, separators of lines, marks of direction. */
const INVISIBLE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * What controls a terminal or turns text round: control characters except line feed and tab, separators of lines, and
 * overrides of direction. Joiners and marks that scripts and emoji need are not among them.
 */
const HARMFUL = /(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/** Escapes the characters of JSON that a terminal obeys or nobody sees. The value stays the same. */
export function inVisibleText(json: string): string {
  return json.replace(INVISIBLE, escaped);
}

/** Escapes what would let text control the terminal. */
export function harmless(text: string): string {
  return text.replace(HARMFUL, escaped);
}

/** Text of somebody else: lines after its first one are indented, so that none of them looks like said by another. */
export function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
