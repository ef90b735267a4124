import { onTestFinished, vi } from 'vitest';

/**
 * Has timers of `ms` milliseconds end after a twentieth of that, until the end of the test: it waits for what such a timer
 * does, and not for its time.
 */
export function shortenTimers(ms: number): void {
  const start = globalThis.setTimeout;
  const short = (callback: () => void, delay?: number, ...args: []): NodeJS.Timeout =>
    start(callback, delay === ms ? ms / 20 : delay, ...args);
  const timers = vi.spyOn(globalThis, 'setTimeout').mockImplementation(short);
  onTestFinished(() => timers.mockRestore());
}
