import { describe, expect, it } from 'vitest';
import { fieldIssues } from '../../../src/errors/field-issues.js';

describe('fieldIssues', () => {
  it('joins a path whose steps are keys, symbols or segments', () => {
    const path = ['a', 0, Symbol('s'), { key: 'b' }];
    expect(fieldIssues([{ path, message: 'No' }, { message: 'Nor this' }])).toEqual([
      { path: 'a.0.Symbol(s).b', message: 'No' },
      { path: '', message: 'Nor this' },
    ]);
  });

  it('gives 16 issues at most, path and message of 200 characters each', () => {
    const long = { path: ['p'.repeat(500)], message: 'm'.repeat(500) };
    expect(fieldIssues(Array.from({ length: 17 }, () => long))).toEqual(
      Array.from({ length: 16 }, () => ({ path: 'p'.repeat(200), message: 'm'.repeat(200) })),
    );
  });
});
