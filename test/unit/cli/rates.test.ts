import { expect, it } from 'vitest';
import { rates } from '../../../src/cli/rates.js';

it.each([
  ['off', false],
  ['OFF', false],
  ['queries.perAddress=20/1', { queries: { perAddress: { burst: 20, perSecond: 1 } } }],
  [
    'queries.perAddress=20/0.5, queries.perPrincipal=off,tokens=off',
    { queries: { perAddress: { burst: 20, perSecond: 0.5 }, perPrincipal: false }, tokens: false },
  ],
  // The server knows the names.
  ['questions.perAddress=20/1', { questions: { perAddress: { burst: 20, perSecond: 1 } } }],
  ['on', {}],
  ['default', undefined],
  ['queries=20/1', undefined],
  ['queries.perAddress=20', undefined],
  ['queries.perAddress=-1/1', undefined],
  ['queries.perAddress=20/1,', undefined],
  ['', undefined],
])('reads %j', (text, expected) => {
  const limits = rates.parse(text);
  expect(limits).toEqual(expected);
  if (limits !== undefined) expect(rates.parse(rates.show(limits))).toEqual(limits);
});
