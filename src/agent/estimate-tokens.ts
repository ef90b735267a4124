/**
 * Estimates how many tokens a model counts for a text: UTF-8 bytes / 4, rounded up.
 *
 * English has about 4 characters per token (OpenAI's own rule of thumb), Cyrillic 2, Chinese 0.75 tokens per character,
 * an emoji 1 token. Real tokenizers differ by about a third either way.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}
