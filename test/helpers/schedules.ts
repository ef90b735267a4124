/**
 * Selects the fifth of the random schedules that this run plays, and the tests whose turn it is. It depends on the commit, and
 * is printed at the end.
 */
export const SEED = Number(process.env['TEST_SEED'] ?? 0);

/** Number of parts of the schedules; 1 in `npm run test:long`, which plays all of them. */
const PARTS = Number(process.env['TEST_PARTS'] ?? 1);

/** Whether this is `npm run test:long`. */
export const IS_LONG = PARTS === 1;

/** The seeds of this run, out of `count` seeds from `first` on. */
export function seeds(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index).filter((seed) => seed % PARTS === SEED % PARTS);
}

/** This run's share of a number of repetitions, at least 1. */
export function share(count: number): number {
  return Math.ceil(count / PARTS);
}

/** Parameters of fast-check for this run's share of `numRuns` cases. */
export function cases(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: share(numRuns), seed: SEED };
}
