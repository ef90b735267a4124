import { vi } from 'vitest';

/**
 * How long a test waits for what it expects where it names no time of its own, and how often it looks, in milliseconds.
 * One second, which is the default, is over before a busy machine has done what takes 100 ms elsewhere. Whoever waits
 * goes on as soon as it is there, so that patience costs nothing.
 */
const PATIENCE = { timeout: 20_000, interval: 10 };

const { waitFor, waitUntil } = vi;
const patient = (options: number | object = {}): object => ({
  ...PATIENCE,
  ...(typeof options === 'number' ? { timeout: options } : options),
});

vi.waitFor = (check, options) => waitFor(check, patient(options));
vi.waitUntil = (check, options) => waitUntil(check, patient(options));
