/**
 * Guesses how many tokens a model counts for a text: UTF-8 bytes / 4, rounded up.
 *
 * English comes to 4 characters a token (OpenAI's own rule of thumb), Chinese to 0.75 tokens a character,
 * Cyrillic to 2 characters a token, an emoji to 1 token. Real tokenizers differ by about a third either way.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}
