/** How long to wait before the next attempt to connect, in milliseconds. */
export interface Backoff {
  /** The ceiling of the first wait; it doubles with every attempt. */
  readonly baseMs: number;
  /** Where the ceiling stops growing. */
  readonly capMs: number;
}

/** The longest delay a timer takes, in milliseconds: a longer one would be over at once. */
export const MAX_DELAY_MS = 2_147_483_647;

/** A time a server told, in milliseconds, as a timer can take it; `otherwise` where it told none. */
export function toldMs(told: unknown, otherwise: number): number {
  return typeof told === 'number' && told >= 0 ? Math.min(told, MAX_DELAY_MS) : otherwise;
}

/** Where the server asks to come back later, waits are longer by this much. */
const LATER = { base: 10, cap: 2 };

/** The waits after a close code that says `later`. */
export function later({ baseMs, capMs }: Backoff): Backoff {
  return { baseMs: baseMs * LATER.base, capMs: capMs * LATER.cap };
}

/**
 * Full jitter: anywhere between zero and a ceiling that doubles with every attempt, so that the clients of a
 * server that fell do not all return at once. (M. Brooker, "Exponential Backoff and Jitter", AWS 2015.)
 * @param attempt - counts from 1
 */
export function backoffMs({ baseMs, capMs }: Backoff, attempt: number): number {
  return Math.round(Math.random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
}
