/** How long to wait before the next attempt to connect. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** By what the close-code table says: come back now, or after a longer wait. */
export const BACKOFF = {
  yes: { baseMs: 500, capMs: 30_000 },
  later: { baseMs: 5_000, capMs: 60_000 },
} as const satisfies Record<string, Backoff>;

/** After so many attempts in a row without an answer the page stops and asks. */
export const MAX_ATTEMPTS = 12;

/**
 * Full jitter: anywhere between zero and a ceiling that doubles with every attempt, so that the clients of a
 * server that fell do not all return at once. (M. Brooker, "Exponential Backoff and Jitter", AWS 2015.)
 */
export function backoffMs({ baseMs, capMs }: Backoff, attempt: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** Math.max(0, attempt - 1)));
}
