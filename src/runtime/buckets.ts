import { TokenBucket, type Rate } from './token-bucket.js';

/** Above this number of buckets the full ones are forgotten. */
const SWEEP_SIZE = 1_000;

/** Token buckets by key: a key that took nothing for a while costs no memory. */
export class Buckets {
  readonly #rate: Rate;
  readonly #byKey = new Map<string, TokenBucket>();
  #sweepAt = SWEEP_SIZE;
  #sweeps = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** How often buckets were forgotten. Until then, {@link of} gives the same ones. */
  get sweeps(): number {
    return this.#sweeps;
  }

  of(key: string, now: number): TokenBucket {
    let bucket = this.#byKey.get(key);
    if (bucket !== undefined) return bucket;
    if (this.#byKey.size >= this.#sweepAt) this.#sweep(now);
    this.#byKey.set(key, (bucket = new TokenBucket(this.#rate, now)));
    return bucket;
  }

  /** Forgets full buckets: a new one is the same. */
  #sweep(now: number): void {
    for (const [key, bucket] of this.#byKey) if (bucket.isFull(now)) this.#byKey.delete(key);
    this.#sweeps++;
    this.#sweepAt = Math.max(SWEEP_SIZE, this.#byKey.size * 2);
  }
}
