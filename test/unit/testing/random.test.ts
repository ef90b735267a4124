import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/testing/index.js';

describe('createRandom', () => {
  it('gives the same numbers for the same seed, on every machine', () => {
    const numbers = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(numbers(42)).toEqual(numbers(42));
    expect(numbers(42)).not.toEqual(numbers(43));
    expect(numbers(1).map((number) => Math.floor(number * 2 ** 32))).toEqual([
      2_693_262_067, 11_749_833, 2_265_367_787, 4_213_581_821, 4_159_151_403,
    ]);
  });

  it('reaches both ends of a range, and nothing outside', () => {
    const random = createRandom(7);
    const seen = new Set(Array.from({ length: 1_000 }, () => random.int(-1, 2)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    expect(random.int(5, 5)).toBe(5);
  });

  it('spreads evenly', () => {
    const random = createRandom(0);
    const counts = Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const at = random.int(0, 9);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(850);
    expect(Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length).toBeGreaterThan(2_800);
  });

  it('picks one of a list, and complains about an empty one', () => {
    const random = createRandom(3);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b'])))).toEqual(new Set(['a', 'b']));
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it.each([-1, 1.5, 2 ** 32, Number.NaN])('refuses the seed %d', (seed) => {
    expect(() => createRandom(seed)).toThrow('Option "seed" must be an integer from 0 to 4294967295');
  });
});
