/** Which fifth of the random schedules this run plays: decided by the commit, and printed at the end of the run. */
const SEED = Number(process.env['TEST_SEED'] ?? 0);

/** How many parts the schedules are played in; 1 in `npm run test:long`, which plays them all. */
const PARTS = Number(process.env['TEST_PARTS'] ?? 1);

/** Whether this is `npm run test:long`. */
export const IS_LONG = PARTS === 1;

/** The seeds of this run, of `count` that begin with `first`. */
export function seeds(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index).filter((seed) => seed % PARTS === SEED % PARTS);
}

/** This run's share of something that is repeated at random, at least 1. */
export function share(count: number): number {
  return Math.ceil(count / PARTS);
}

/** What fast-check plays in this run, of `numRuns` cases. */
export function cases(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: share(numRuns), seed: SEED };
}
