import { checkNumber } from '../runtime/check-number.js';

/** Pseudo-random numbers that are the same for the same seed. */
export interface Random {
  /** The seed: print it if a test fails. */
  readonly seed: number;
  /** From 0 up to, but not including, 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  /** One of the elements. */
  pick<T>(list: readonly T[]): T;
  /** `true` with this probability, from 0 to 1. */
  chance(probability: number): boolean;
}

/**
 * Creates a source of random numbers with which a failed test can be repeated.
 * @throws OptionError if the seed is not an integer from 0 to 2^32 - 1.
 */
export function createRandom(seed: number): Random {
  let state = checkNumber('seed', seed, { least: 0, most: 0xffff_ffff, integer: true });
  // Mulberry32: cheap, and random enough for schedules.
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
