import { Shares } from './shares.js';

/** Under which names counts what a client has: its own, and that of its address. */
export interface Accounts {
  /** `undefined` if many persons are this owner. */
  readonly owner: string | undefined;
  /** `undefined` if the address is unknown. */
  readonly address: string | undefined;
}

/** How much of something each owner, and the clients of each address, have; and how much each may have. */
export class AccountShares {
  readonly #most: Readonly<Record<keyof Accounts, number>>;
  readonly #owners = new Shares();
  readonly #addresses = new Shares();

  constructor(most: Readonly<Record<keyof Accounts, number>>) {
    this.#most = most;
  }

  /** Which of the two has as much as it may; `undefined` if neither has. */
  full({ owner, address }: Accounts): keyof Accounts | undefined {
    if (owner !== undefined && this.#owners.of(owner) >= this.#most.owner) return 'owner';
    if (address !== undefined && this.#addresses.of(address) >= this.#most.address) return 'address';
    return undefined;
  }

  /** Adds to what both have. */
  add({ owner, address }: Accounts, amount: number): void {
    if (owner !== undefined) this.#owners.add(owner, amount);
    if (address !== undefined) this.#addresses.add(address, amount);
  }
}
