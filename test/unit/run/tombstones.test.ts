import { expect, it } from 'vitest';
import { Tombstones } from '../../../src/run/tombstones.js';

it('remembers a cancel though another owner cancels any number of runs that never come', () => {
  const tombstones = new Tombstones();
  tombstones.add('ann', 'mine');
  for (let index = 0; index < 20_000; index++) tombstones.add('bob', String(index));
  expect(tombstones.take('ann', 'mine')).toBe(true);
  expect(tombstones.take('ann', 'mine')).toBe(false);
  expect(tombstones.take('bob', '0')).toBe(false);
  expect(tombstones.take('bob', '19999')).toBe(true);
});
