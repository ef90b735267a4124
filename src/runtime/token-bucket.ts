/** How often something may happen. */
export interface Rate {
  /** How much may happen at once. */
  readonly burst: number;
  /** How much may happen in a second from then on. */
  readonly perSecond: number;
}

/**
 * A token bucket (RFC 2697, section 3): it holds `burst` tokens and gains `perSecond`. Without a timer: what was gained is
 * counted when somebody asks. It can be in debt, for costs that are known afterwards.
 */
export class TokenBucket {
  readonly #rate: Rate;
  #level: number;
  #at: number;

  /** @param now - on a monotonic clock in milliseconds, as in all methods */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#level = rate.burst;
    this.#at = now;
  }

  /** Whether nothing was taken that is not gained again: a new bucket would be the same. */
  isFull(now: number): boolean {
    return this.#gain(now) >= this.#rate.burst;
  }

  /** Milliseconds until there is a whole token; 0 if there is one. */
  wait(now: number): number {
    const missing = 1 - this.#gain(now);
    return missing <= 0 ? 0 : Math.ceil((missing * 1_000) / this.#rate.perSecond);
  }

  /** Takes a token if there is a whole one. Returns what {@link wait} would have returned. */
  takeOne(now: number): number {
    const waitMs = this.wait(now);
    if (waitMs === 0) this.#level--;
    return waitMs;
  }

  /** Takes tokens, even if the bucket has fewer; a negative amount gives them back. */
  take(amount: number, now: number): void {
    this.#level = this.#gain(now) - amount;
  }

  #gain(now: number): number {
    const { burst, perSecond } = this.#rate;
    this.#level = Math.min(burst, this.#level + ((now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    return this.#level;
  }
}
