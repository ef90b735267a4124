import { accountsOf } from '../connection/principal.js';
import type { Accounts } from '../runtime/account-shares.js';
import { shareBytesFull, shareFull } from './run-errors.js';

/** How much one owner, or all clients of one address, may have in progress. */
export interface ShareLimits {
  readonly maxRuns: number;
  /** Questions and output, in bytes. */
  readonly maxBytes: number;
}

/** What an owner or the clients of an address have in progress. */
export interface RunShare {
  readonly key: string;
  readonly of: keyof Accounts;
  readonly limits: ShareLimits;
  runs: number;
  bytes: number;
}

/** The shares in which a run counts. */
export type SharesOfRun = readonly RunShare[];

/**
 * The runs in progress of each owner and of each address. A run counts from the request to its end, whether its client
 * is there or not, so that a client that comes back has no second share. A run knows its shares, since each token counts.
 */
export class RunShares {
  readonly #limits: Readonly<Record<RunShare['of'], ShareLimits>>;
  readonly #owners = new Map<string, RunShare>();
  readonly #addresses = new Map<string, RunShare>();

  constructor(limits: Readonly<Record<RunShare['of'], ShareLimits>>) {
    this.#limits = limits;
  }

  /**
   * The shares of a request. A run without an address, such as a run of the application itself, counts for its owner
   * alone.
   */
  find(ownerOfRun: string, remoteAddress: string | undefined): SharesOfRun {
    const { owner, address } = accountsOf(ownerOfRun, remoteAddress);
    const shares: RunShare[] = [];
    if (owner !== undefined) shares.push(this.#shareOf('owner', this.#owners, owner));
    if (address !== undefined) shares.push(this.#shareOf('address', this.#addresses, address));
    return shares;
  }

  /** @throws AgentSocketError `too_many_runs` if one more run of this size exceeds a share. */
  check(shares: SharesOfRun, bytes: number): void {
    for (const { of, limits, runs, bytes: held } of shares) {
      if (runs >= limits.maxRuns) throw shareFull(of, limits.maxRuns);
      if (held + bytes >= limits.maxBytes) throw shareBytesFull(of);
    }
  }

  /** Counts a run. */
  enter(shares: SharesOfRun): void {
    for (const share of shares) {
      if (share.runs++ === 0) this.#mapOf(share).set(share.key, share);
    }
  }

  /** Counts a run no more. A share without a run is forgotten. */
  leave(shares: SharesOfRun): void {
    for (const share of shares) {
      if (--share.runs === 0) this.#mapOf(share).delete(share.key);
    }
  }

  #shareOf(of: RunShare['of'], map: ReadonlyMap<string, RunShare>, key: string): RunShare {
    return map.get(key) ?? { key, of, limits: this.#limits[of], runs: 0, bytes: 0 };
  }

  #mapOf({ of }: RunShare): Map<string, RunShare> {
    return of === 'owner' ? this.#owners : this.#addresses;
  }
}
