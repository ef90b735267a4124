import { vi } from 'vitest';

/**
 * Default time limit of a wait in a test, and the interval of its checks, in milliseconds. Vitest's default of one
 * second is too short on a busy machine for what takes 100 ms elsewhere. A wait ends as soon as its condition holds, so
 * a long limit costs no time.
 */
const PATIENCE = { timeout: 20_000, interval: 10 };

const { waitFor, waitUntil } = vi;
const patient = (options: number | object = {}): object => ({
  ...PATIENCE,
  ...(typeof options === 'number' ? { timeout: options } : options),
});

vi.waitFor = (check, options) => waitFor(check, patient(options));
vi.waitUntil = (check, options) => waitUntil(check, patient(options));
