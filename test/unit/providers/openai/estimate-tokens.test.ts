import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../../../src/agent/estimate-tokens.js';

describe('estimateTokens', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['The quick brown fox jumps over the lazy dog.', 11],
    ['今天天气很好', 5],
    ['😀', 1],
  ])('takes %j for %d tokens', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });
});
