const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * Whether JSON text nests objects and arrays deeper than `limit`. Counts brackets outside of strings, so that no
 * recursive parser or encoder meets a hostile depth. The result is meaningless for text that is not JSON.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  // Too short to open and close that many brackets.
  if (text.length <= 2 * limit) return false;
  let depth = 0;
  return someOutsideStrings(text, (char) => {
    // '[' 0x5b and '{' 0x7b, ']' 0x5d and '}' 0x7d differ in one bit.
    if ((char | 0x20) === 0x7b) return ++depth > limit;
    if ((char | 0x20) === 0x7d) depth--;
    return false;
  });
}

/**
 * Whether JSON text holds more than `limit` values: counts separators and brackets outside of strings. The result is
 * meaningless for text that is not JSON.
 */
export function hasMoreValuesThan(text: string, limit: number): boolean {
  // Each value takes at least one character.
  if (text.length <= limit) return false;
  let count = 1;
  return someOutsideStrings(text, (char) => (char === COMMA || (char | 0x20) === 0x7b) && ++count > limit);
}

/** Whether `isIt` is true for a character outside of strings. */
function someOutsideStrings(text: string, isIt: (char: number) => boolean): boolean {
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === BACKSLASH) i++;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) inString = true;
    else if (isIt(char)) return true;
  }
  return false;
}
