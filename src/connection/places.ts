import { CLOSE_CODES } from '../protocol/close-codes.js';
import { addressKey } from '../runtime/address-key.js';
import { Shares } from '../runtime/shares.js';
import type { Connection } from './connection.js';

/**
 * Most handshakes of one address that wait for the client to say who it is, or for somebody else's place. Clients that are known
 * at once never count.
 */
const MOST_UNKNOWN = 64;

/** A place among `maxConnections`, taken before a handshake waits for anything. */
export interface Slot {
  /** Frees the place. Does nothing if called again, or once a connection has taken the place over. */
  readonly release: () => void;
}

/**
 * Who has the places. One address may have all of them as long as nobody else comes: a newcomer whose address has less
 * takes a place of the address with the most, so that addresses that compete have equal shares in the end.
 */
export class Places {
  readonly #most: number;
  readonly #shares = new Shares();
  readonly #connections = new Set<Connection>();
  /** Addresses of the handshakes that wait, by the function that takes their places away. */
  readonly #waiting = new Map<() => void, string>();
  /** By address, the handshakes that {@link MOST_UNKNOWN} bounds. */
  readonly #unknown = new Shares();

  /** @param most - the number of places. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Number of handshakes that hold a place. */
  get handshakes(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#shares.total >= this.#most;
  }

  /**
   * Takes a place for a handshake; `undefined` if none is free for its address. Before it is known who comes, nobody
   * loses a place: if all are taken, the slot has none yet.
   * @param isUnknown - whether the handshake waits for the client to say who it is
   */
  reserve(address: string | undefined, isUnknown: boolean): Slot | undefined {
    const key = addressKey(address);
    const { isFull } = this;
    if (isFull && this.#greedier(key) === undefined) return undefined;
    if (!isFull && !isUnknown) return { release: this.#takePlace(key) };
    if (this.#unknown.of(key) >= MOST_UNKNOWN) return undefined;
    this.#unknown.add(key, 1);
    const free = isFull ? undefined : this.#takePlace(key);
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.#unknown.add(key, -1);
      isHeld = false;
      free?.();
    };
    return { release };
  }

  /** Returns the function that frees the place. */
  #takePlace(key: string): () => void {
    const release = (): void => {
      if (this.#waiting.delete(release)) this.#shares.add(key, -1);
    };
    this.#waiting.set(release, key);
    this.#shares.add(key, 1);
    return release;
  }

  /** Whether a connection of this address may be made: a place is free, or somebody loses one to it. */
  makeRoom(address: string | undefined): boolean {
    if (!this.isFull) return true;
    const greedier = this.#greedier(addressKey(address));
    if (greedier === undefined) return false;
    for (const [release, key] of this.#waiting) {
      if (key !== greedier) continue;
      release();
      return true;
    }
    const idlest = this.#idlestOf(greedier);
    if (idlest === undefined) return false;
    this.remove(idlest);
    idlest.close(CLOSE_CODES.overCapacity);
    return true;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
    this.#shares.add(keyOf(connection), 1);
  }

  remove(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#shares.add(keyOf(connection), -1);
  }

  /** The address with the most places, if it has more than this one would have with one of them. */
  #greedier(key: string): string | undefined {
    let found: string | undefined;
    let most = this.#shares.of(key) + 1;
    for (const [other, held] of this.#shares.entries()) {
      if (held > most) [found, most] = [other, held];
    }
    return found;
  }

  /** The connection of an address that has been silent for longest; one that reads no run comes first. */
  #idlestOf(key: string): Connection | undefined {
    let found: Connection | undefined;
    for (const one of this.#connections) {
      if (keyOf(one) === key && (found === undefined || isIdler(one, found))) found = one;
    }
    return found;
  }
}

/** Computed once for each connection, since a full server compares all of them. */
function keyOf({ accounts: { address } }: Connection): string {
  return address ?? addressKey(undefined);
}

function isIdler(one: Connection, other: Connection): boolean {
  const [reads, others] = [one.readers.size > 0, other.readers.size > 0];
  return reads === others ? one.lastActivityAt < other.lastActivityAt : others;
}
