import { vi } from 'vitest';
import { PATIENCE } from './patience-limits.js';

const { waitFor, waitUntil } = vi;
const patient = (options: number | object = {}): object => ({
  ...PATIENCE,
  ...(typeof options === 'number' ? { timeout: options } : options),
});

vi.waitFor = (check, options) => waitFor(check, patient(options));
vi.waitUntil = (check, options) => waitUntil(check, patient(options));
