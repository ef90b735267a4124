import { randomUUID } from 'node:crypto';
import { partitionOf, type Keys } from './keys.js';
import { PARTITIONS } from './partitions.js';
import type { RedisCalls } from './redis-calls.js';
import { FIND_EPOCH } from './scripts/epochs.js';

/** The identities of the data of each partition: one that has changed has lost what it held. */
export class Epochs {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #onLost: (partition: number) => void;
  #epochs: string[] = [];

  constructor(calls: RedisCalls, keys: Keys, onLost: (partition: number) => void) {
    this.#calls = calls;
    this.#keys = keys;
    this.#onLost = onLost;
  }

  /** Reads all of them, and makes those that are missing. */
  async load(): Promise<void> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    this.#epochs = await Promise.all(partitions.map((partition) => this.#find(partition)));
  }

  of(owner: string): string {
    return this.#epochs[partitionOf(owner)] ?? '';
  }

  /**
   * Compares what a script has found, if it has found anything, with what is known.
   * @returns whether the partition has lost its data
   */
  async check(owner: string, found: string | undefined): Promise<boolean> {
    const partition = partitionOf(owner);
    if (found === this.#epochs[partition]) return false;
    return await this.#compare(partition);
  }

  /** Finds partitions that have lost their data. Rejects if Redis does not answer. */
  async look(): Promise<void> {
    const { connection, outage } = this.#calls;
    await Promise.all(
      this.#epochs.map(async (epoch, partition) => {
        const base = this.#keys.base(partition);
        const key = `${base}epoch`;
        const found = await connection.send(key, ['GET', key]);
        outage.see(base);
        if (found !== epoch) await this.#compare(partition);
      }),
    );
  }

  /** @returns whether the partition has lost its data */
  async #compare(partition: number): Promise<boolean> {
    const epoch = await this.#find(partition);
    if (epoch === this.#epochs[partition]) return false;
    this.#epochs[partition] = epoch;
    this.#onLost(partition);
    return true;
  }

  async #find(partition: number): Promise<string> {
    return String(await this.#calls.write(FIND_EPOCH, this.#keys.base(partition), [randomUUID()]));
  }
}
