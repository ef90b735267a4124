import { accountsOf } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { AccountShares, type Accounts } from '../runtime/account-shares.js';
import { runKey } from '../store/run-key.js';

/** How long a cancel waits for its run, in milliseconds. */
const TTL_MS = 60_000;

/** Maximum number of waiting cancels; the oldest are dropped first. */
const MAX_TOMBSTONES = 10_000;

/** Maximum number of waiting cancels of one owner, and of the clients of one address. */
const MAX_OF_ONE = 1_000;

/** A cancel that waits for its run. */
interface Tombstone {
  /** On the monotonic clock, in milliseconds. */
  readonly expiresAt: number;
  readonly accounts: Accounts;
}

/** Cancels that arrived before their runs. */
export class Tombstones {
  readonly #now: () => number;
  /** By the key of the run, in the order of expiry. */
  readonly #waiting = new Map<string, Tombstone>();
  readonly #shares = new AccountShares({ owner: MAX_OF_ONE, address: MAX_OF_ONE });

  /** @param now - a monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @throws AgentSocketError `rate_limited` if the owner, or the address, has as many as it may. */
  add(owner: string, id: string, remoteAddress?: string): void {
    const now = this.#now();
    this.#expire(now);
    const key = runKey(owner, id);
    this.#remove(key);
    const accounts = accountsOf(owner, remoteAddress);
    if (this.#shares.full(accounts) !== undefined) {
      throw new AgentSocketError('rate_limited', `${MAX_OF_ONE} cancels wait for runs that do not exist yet`, {
        retryAfterMs: TTL_MS,
      });
    }
    this.#waiting.set(key, { expiresAt: now + TTL_MS, accounts });
    this.#shares.add(accounts, 1);
    if (this.#waiting.size > MAX_TOMBSTONES) this.#remove(firstOf(this.#waiting)?.[0]);
  }

  /** Removes the tombstone of a run. Returns whether there was one. */
  take(owner: string, id: string): boolean {
    return this.#waiting.size > 0 && (this.#remove(runKey(owner, id))?.expiresAt ?? 0) > this.#now();
  }

  #expire(now: number): void {
    for (const [key, { expiresAt }] of this.#waiting) {
      if (expiresAt > now) return;
      this.#remove(key);
    }
  }

  #remove(key: string | undefined): Tombstone | undefined {
    const tombstone = key === undefined ? undefined : this.#waiting.get(key);
    if (key === undefined || tombstone === undefined) return undefined;
    this.#waiting.delete(key);
    this.#shares.add(tombstone.accounts, -1);
    return tombstone;
  }
}

function firstOf<Key, Value>(map: ReadonlyMap<Key, Value>): [Key, Value] | undefined {
  for (const entry of map) return entry;
  return undefined;
}
