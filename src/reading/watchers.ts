import type { Connection, ConnectionReader } from '../connection/connection.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { AccountShares } from '../runtime/account-shares.js';

/** Maximum number of conversations that one connection watches. */
const MAX_WATCHED = 64;

/** Maximum number of conversations that all connections of one owner watch, each counted for each connection. */
const MAX_OF_OWNER = 2_048;

/** The same of all connections of one address. */
const MAX_OF_ADDRESS = 8_192;

/** The conversations that one connection watches. */
class Watcher implements ConnectionReader {
  readonly keys = new Set<string>();
  readonly #onGone: () => void;

  constructor(onGone: () => void) {
    this.#onGone = onGone;
  }

  onWritable(): void {
    // A watcher has nothing to send.
  }

  onDisconnected(): void {
    this.#onGone();
  }
}

/** Which connections watch which conversations. */
export class Watchers {
  readonly #byConversation = new Map<string, Set<Connection>>();
  readonly #byConnection = new Map<Connection, Watcher>();
  readonly #shares = new AccountShares({ owner: MAX_OF_OWNER, address: MAX_OF_ADDRESS });
  readonly #onWatched: (key: string, active: boolean) => void;

  /** @param onWatched - called if a conversation is watched by a first connection, or no more by any */
  constructor(onWatched: (key: string, active: boolean) => void = () => undefined) {
    this.#onWatched = onWatched;
  }

  /** The connections that watch a conversation. */
  of(key: string): Iterable<Connection> {
    return this.#byConversation.get(key) ?? [];
  }

  /** Whether a connection watches a conversation. */
  has(connection: Connection, key: string): boolean {
    return this.#byConnection.get(connection)?.keys.has(key) === true;
  }

  /** The conversations that a connection watches. */
  by(connection: Connection): Iterable<string> {
    return this.#byConnection.get(connection)?.keys ?? [];
  }

  /**
   * Begins to watch.
   * @throws AgentSocketError `forbidden` if the connection, its owner or its address watches as many conversations as it may.
   */
  add(connection: Connection, key: string): void {
    let watcher = this.#byConnection.get(connection);
    if (watcher === undefined) {
      watcher = new Watcher(() => this.#forget(connection));
      this.#byConnection.set(connection, watcher);
      connection.addReader(watcher);
    }
    if (watcher.keys.has(key)) return;
    this.#check(connection, watcher);
    this.#shares.add(connection.accounts, 1);
    watcher.keys.add(key);
    const connections = this.#byConversation.get(key);
    if (connections !== undefined) return void connections.add(connection);
    this.#byConversation.set(key, new Set([connection]));
    this.#onWatched(key, true);
  }

  /** Stops watching. */
  remove(connection: Connection, key: string): void {
    if (this.#byConnection.get(connection)?.keys.delete(key) === true) {
      this.#shares.add(connection.accounts, -1);
    }
    const connections = this.#byConversation.get(key);
    connections?.delete(connection);
    if (connections?.size !== 0) return;
    this.#byConversation.delete(key);
    this.#onWatched(key, false);
  }

  #check({ accounts }: Connection, { keys }: Watcher): void {
    if (keys.size >= MAX_WATCHED) throw tooMany('A connection watches', MAX_WATCHED);
    switch (this.#shares.full(accounts)) {
      case 'owner':
        throw tooMany('The connections of an owner watch', MAX_OF_OWNER);
      case 'address':
        throw tooMany('The connections of an address watch', MAX_OF_ADDRESS);
      case undefined:
    }
  }

  #forget(connection: Connection): void {
    for (const key of this.#byConnection.get(connection)?.keys ?? []) this.remove(connection, key);
    this.#byConnection.delete(connection);
  }
}

function tooMany(who: string, max: number): AgentSocketError {
  return new AgentSocketError('forbidden', `${who} ${max} conversations at most`);
}
