const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * Whether JSON text nests objects and arrays deeper than `limit`. Counts brackets outside strings, so that no
 * recursive parser or encoder meets a hostile depth. Says nothing about text that is not JSON.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  // Too short to open that many brackets and close them.
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
 * Whether JSON text holds more than `limit` values: counts what separates and opens them, outside strings. Says nothing
 * about text that is not JSON.
 */
export function hasMoreValuesThan(text: string, limit: number): boolean {
  // Each value takes a character.
  if (text.length <= limit) return false;
  let count = 1;
  return someOutsideStrings(text, (char) => (char === COMMA || (char | 0x20) === 0x7b) && ++count > limit);
}

/** Whether `isIt` says so of one of the characters that stand outside strings. */
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
