import { describe, expect, it } from 'vitest';
import { findExpressions } from '../../../src/providers/demo/arithmetic.js';

describe('findExpressions', () => {
  it.each([
    ['what is (1 + 2) (', '(1 + 2)'],
    ['what is ((1 + 2)', '(1 + 2)'],
    ['what is (1 + 2)) * ?', '(1 + 2)'],
    ['what is ) 3 * (4 - 1) + (?', '3 * (4 - 1)'],
    ['what is -2 ^ 2 ...', '-2 ^ 2'],
  ])('leaves out of %j what belongs to the sentence', (question, sum) => {
    expect(findExpressions(question)).toEqual([sum]);
  });

  // With a copy for each bracket, each of these takes minutes.
  it.each([
    ['opening brackets', `${'('.repeat(9_000)}1`],
    ['closing brackets', `1${')'.repeat(9_000)}`],
    ['brackets and dots', `${'(…'.repeat(4_500)}1`],
    ['brackets and signs', `${'(-'.repeat(4_500)}1`],
  ])(
    'reads %s in one pass',
    (_, question) => {
      expect(findExpressions(question)).toEqual([]);
    },
    10_000,
  );
});
