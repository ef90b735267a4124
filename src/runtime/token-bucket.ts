/** How often something may happen. */
export interface Rate {
  /** How much may happen at once. */
  readonly burst: number;
  /** How much may happen in a second from then on. */
  readonly perSecond: number;
}

/** What counts as nothing, in milliseconds: sums of fractions are not exact. */
const NOTHING_MS = 0.001;

/**
 * A token bucket (RFC 2697, section 3): it holds `burst` tokens and gains `perSecond`. Without a timer, and as one number: the time
 * at which it is full again, as in the virtual scheduling of ITU-T I.371. It can be in debt, for costs that are known afterwards.
 */
export class TokenBucket {
  /** What one token takes to be gained, and all of them, in milliseconds. */
  readonly #tokenMs: number;
  readonly #burstMs: number;
  #fullAt: number;

  /** @param now - on a monotonic clock in milliseconds, as in all methods */
  constructor({ burst, perSecond }: Rate, now: number) {
    this.#tokenMs = 1_000 / perSecond;
    this.#burstMs = burst * this.#tokenMs;
    this.#fullAt = now;
  }

  /** Whether nothing was taken that is not gained again: a new bucket would be the same. */
  isFull(now: number): boolean {
    return this.#fullAt - now < NOTHING_MS;
  }

  /** Milliseconds until there is a whole token; 0 if there is one. */
  wait(now: number): number {
    const waitMs = Math.max(this.#fullAt, now) - now + this.#tokenMs - this.#burstMs;
    return waitMs < NOTHING_MS ? 0 : Math.ceil(waitMs - NOTHING_MS);
  }

  /** Takes a token if there is a whole one. Returns what {@link wait} would have returned. */
  takeOne(now: number): number {
    const waitMs = this.wait(now);
    if (waitMs === 0) this.take(1, now);
    return waitMs;
  }

  /** Takes tokens, even if the bucket has fewer; a negative amount gives them back. */
  take(amount: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + amount * this.#tokenMs;
  }
}
