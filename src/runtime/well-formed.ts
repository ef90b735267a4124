/** A text without halves of characters, which have no UTF-8: many servers refuse a request that holds one. */
export function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replaceAll(/\p{Surrogate}/gu, '\ufffd') : text;
}
