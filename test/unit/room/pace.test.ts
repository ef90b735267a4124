import { expect, it } from 'vitest';
import { Pace } from '../../../src/room/pace.js';

it('lets a second of the rate come at once, and then one after the other', () => {
  const pace = new Pace(4);
  const takenAt = (now: number): boolean => {
    if (pace.waitMs(now) > 0) return false;
    pace.take(now);
    return true;
  };
  expect(Array.from({ length: 6 }, () => takenAt(1_000))).toEqual([true, true, true, true, false, false]);
  expect(pace.waitMs(1_000)).toBe(250);
  expect([takenAt(1_249), takenAt(1_250), takenAt(1_250)]).toEqual([false, true, false]);
  expect(Array.from({ length: 5 }, () => takenAt(9_000))).toEqual([true, true, true, true, false]);
});

it('lets one come at a time if the rate is less than one a second', () => {
  const pace = new Pace(0.5);
  pace.take(0);
  expect([pace.waitMs(0), pace.waitMs(1_999), pace.waitMs(2_000)]).toEqual([2_000, 1, 0]);
});
