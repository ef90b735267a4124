import { FairMap } from '../runtime/fair-map.js';

/** What unfinished messages of all connections may hold, and those of one address, in bytes. */
const MAX_BYTES = 67_108_864;
const MAX_ADDRESS_BYTES = 16_777_216;

/** How many of the largest messages have room in any case, in all and from one address. */
const LARGEST = 4;
const LARGEST_OF_ADDRESS = 2;

/** What connections may hold that were cut off and have not left yet, in bytes, or one of the largest messages. */
const MAX_LEAVING_BYTES = 16_777_216;

/** A connection of which a part of a message has come. */
export interface Sender {
  /** Unique among the connections. */
  readonly key: string;
  /** Under which name its address is counted. */
  readonly address: string;
  /** Closes the connection and drops what it sends from now on. */
  cutOff(): void;
  /** Ends the connection at once. */
  terminate(): void;
}

/**
 * What the server holds of messages whose end has not come: each connection may send all but the last byte of one. Over
 * the bound, the address that holds most loses the connection whose message began first.
 */
export class UnfinishedMessages {
  readonly #largest: number;
  readonly #most: number;
  readonly #mostOfAddress: number;
  readonly #senders = new FairMap<Sender>();
  /** Senders that were cut off, and what they hold until they have left. */
  readonly #leaving = new Map<Sender, number>();
  #leavingBytes = 0;

  /** @param largest - size of the largest message, in bytes */
  constructor(largest: number) {
    this.#largest = largest;
    this.#most = Math.max(MAX_BYTES, LARGEST * largest);
    this.#mostOfAddress = Math.max(MAX_ADDRESS_BYTES, LARGEST_OF_ADDRESS * largest);
  }

  /**
   * Notes what is held for a sender, in bytes: 0 if its message is complete or the connection is gone.
   * @returns what counts for it, to be passed as `before` at the next call
   */
  update(sender: Sender, before: number, held: number): number {
    if (held === 0) {
      if (!this.#senders.delete(sender.key, '')) this.#forget(sender);
      return 0;
    }
    // An estimate may exceed what a message can hold.
    const after = Math.min(held, this.#largest);
    const { address } = sender;
    if (before === 0) this.#senders.set(sender.key, '', sender, after, address);
    else this.#senders.charge(sender.key, '', after - before);
    while (this.#senders.weightOf(address) > this.#mostOfAddress) this.#cutOff(this.#senders.oldestOf(address));
    while (this.#senders.weight > this.#most) this.#cutOff(this.#senders.oldestOfLargest);
    return after;
  }

  #cutOff(entry: ReturnType<FairMap<Sender>['oldestOf']>): void {
    if (entry === undefined) return;
    const { owner, id, value: sender, weight } = entry;
    this.#senders.delete(owner, id);
    this.#leaving.set(sender, weight);
    this.#leavingBytes += weight;
    sender.cutOff();
    for (const [first] of this.#leaving) {
      if (this.#leavingBytes <= Math.max(MAX_LEAVING_BYTES, this.#largest)) return;
      this.#forget(first);
      first.terminate();
    }
  }

  #forget(sender: Sender): void {
    this.#leavingBytes -= this.#leaving.get(sender) ?? 0;
    this.#leaving.delete(sender);
  }
}
