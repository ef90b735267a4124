import { checkNumber } from '../runtime/check-number.js';

/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** What it was made with: print it where a test fails. */
  readonly seed: number;
  /** From 0 up to, but not including, 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  /** One of them. */
  pick<T>(list: readonly T[]): T;
  /** `true` with this probability, from 0 to 1. */
  chance(probability: number): boolean;
}

/**
 * Makes a source of random numbers that a failing test can be run with again.
 * @throws OptionError where the seed is no whole number that fits into 32 bits.
 */
export function createRandom(seed: number): Random {
  let state = checkNumber('seed', seed, { least: 0, most: 0xffff_ffff, integer: true });
  // Mulberry32: one multiplication step per number, good enough for schedules.
  const next = (): number => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    seed,
    next,
    int,
    chance: (probability) => next() < probability,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('There is nothing to pick from');
      return list[int(0, list.length - 1)] as T;
    },
  };
}
