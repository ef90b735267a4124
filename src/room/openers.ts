import { AccountShares, type Accounts } from '../runtime/account-shares.js';
import { openedTooMany } from './room-errors.js';

/** Parts of `maxRooms` that one owner, and the clients of one address, have open at most. */
const OWNER_PART = 1 / 8;
const ADDRESS_PART = 1 / 4;

/** What {@link Openers} takes: the limits of rooms of these names. */
export interface OpenersOptions {
  readonly maxRooms: number;
  readonly maxRoomsPerConnection: number;
}

/** Who opened the rooms that are open, so that nobody opens all that there may be. */
export class Openers {
  readonly #shares: AccountShares;

  constructor({ maxRooms, maxRoomsPerConnection }: OpenersOptions) {
    this.#shares = new AccountShares({
      // A connection can always have as many as it may join, and two of one address can.
      owner: Math.max(maxRooms * OWNER_PART, maxRoomsPerConnection),
      address: Math.max(maxRooms * ADDRESS_PART, 2 * maxRoomsPerConnection),
    });
  }

  /**
   * Counts a room until {@link close}.
   * @throws AgentSocketError `too_many_rooms` if the owner or the address has as many as it may
   */
  open(opener: Accounts): void {
    const full = this.#shares.full(opener);
    if (full !== undefined) throw openedTooMany(full);
    this.#shares.add(opener, 1);
  }

  /** Counts the room no more. */
  close(opener: Accounts): void {
    this.#shares.add(opener, -1);
  }
}
