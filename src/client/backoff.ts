/** How long to wait before the next attempt to connect, in milliseconds. */
export interface Backoff {
  /** Upper limit of the first wait; the limit doubles with every attempt. */
  readonly baseMs: number;
  /** Value at which the limit stops growing. */
  readonly capMs: number;
}

/** The longest delay of a timer, in milliseconds: a longer one would fire at once. */
export const MAX_DELAY_MS = 2_147_483_647;

/** A time from the server in milliseconds, limited to what a timer takes; `otherwise` if the server gave none. */
export function toldMs(told: unknown, otherwise: number): number {
  return typeof told === 'number' && told >= 0 ? Math.min(told, MAX_DELAY_MS) : otherwise;
}

/** Factors of the waits if the server asks clients to come back later. */
const LATER = { base: 10, cap: 2 };

/** The waits after a close code with `reconnect: 'later'`. */
export function later({ baseMs, capMs }: Backoff): Backoff {
  return { baseMs: baseMs * LATER.base, capMs: capMs * LATER.cap };
}

/**
 * Full jitter: a random wait between zero and a limit that doubles with every attempt, so that the clients of a crashed
 * server do not all return at once. (M. Brooker, "Exponential Backoff and Jitter", AWS 2015.)
 * @param attempt - counts from 1
 */
export function backoffMs({ baseMs, capMs }: Backoff, attempt: number): number {
  return Math.round(Math.random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
}
