/** A text without unpaired surrogates, which UTF-8 cannot hold: many servers refuse a request with one. */
export function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replaceAll(/\p{Surrogate}/gu, '\ufffd') : text;
}
