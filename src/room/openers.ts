import type { Connection } from '../connection/connection.js';
import { ANONYMOUS } from '../connection/principal.js';
import { Shares } from '../runtime/shares.js';
import { openedTooMany } from './room-errors.js';

/** Parts of `maxRooms` that one owner, and the clients of one address, have open at most. */
const OWNER_PART = 1 / 8;
const ADDRESS_PART = 1 / 4;

/** Who opened a room. */
export interface Opener {
  readonly owner: string | undefined;
  readonly address: string | undefined;
}

/** What {@link Openers} takes: the limits of rooms of these names. */
export interface OpenersOptions {
  readonly maxRooms: number;
  readonly maxRoomsPerConnection: number;
}

/** Who opened the rooms that are open, so that nobody opens all that there may be. */
export class Openers {
  readonly #mostOfOwner: number;
  readonly #mostOfAddress: number;
  readonly #owners = new Shares();
  readonly #addresses = new Shares();

  constructor({ maxRooms, maxRoomsPerConnection }: OpenersOptions) {
    // A connection can always have as many as it may join, and two of one address can.
    this.#mostOfOwner = Math.max(maxRooms * OWNER_PART, maxRoomsPerConnection);
    this.#mostOfAddress = Math.max(maxRooms * ADDRESS_PART, 2 * maxRoomsPerConnection);
  }

  /**
   * Counts a room until {@link close}.
   * @throws AgentSocketError `too_many_rooms` if the owner or the address has as many as it may
   */
  open({ principal: { id }, addressKey: address }: Connection): Opener {
    // Clients that share one owner are not one person.
    const owner = id === ANONYMOUS.id ? undefined : id;
    if (owner !== undefined && this.#owners.of(owner) >= this.#mostOfOwner) throw openedTooMany('owner');
    if (address !== undefined && this.#addresses.of(address) >= this.#mostOfAddress) throw openedTooMany('address');
    const opener = { owner, address };
    this.#count(opener, 1);
    return opener;
  }

  /** Counts the room no more. */
  close(opener: Opener): void {
    this.#count(opener, -1);
  }

  #count({ owner, address }: Opener, amount: number): void {
    if (owner !== undefined) this.#owners.add(owner, amount);
    if (address !== undefined) this.#addresses.add(address, amount);
  }
}
