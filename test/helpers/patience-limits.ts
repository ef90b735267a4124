/**
 * Default time limit of a wait in a test, and the interval of its checks, in milliseconds. Vitest's default of one
 * second is too short on a busy machine for what takes 100 ms elsewhere. A wait ends as soon as its condition holds, so
 * a long limit costs no time.
 */
export const PATIENCE = { timeout: 20_000, interval: 10 };
