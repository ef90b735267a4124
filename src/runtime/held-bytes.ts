/** A character that a string cannot hold in one byte. */
const WIDE = /[^\0-\u00ff]/;

/**
 * Whether a string takes two bytes for each UTF-16 unit. V8 holds a string in one byte for each only if all its
 * characters are within Latin-1, so one `€` doubles the memory of the whole string.
 */
export function isWide(text: string): boolean {
  return WIDE.test(text);
}

/** Memory that the characters of a string take, in bytes. */
export function heldBytes(text: string): number {
  return isWide(text) ? 2 * text.length : text.length;
}
