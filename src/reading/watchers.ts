import type { Connection, ConnectionReader } from '../connection/connection.js';

/** Maximum number of conversations that one connection watches. */
export const MAX_WATCHED = 64;

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

  /** The connections that watch a conversation. */
  of(key: string): Iterable<Connection> {
    return this.#byConversation.get(key) ?? [];
  }

  /** Whether a connection watches a conversation. */
  has(connection: Connection, key: string): boolean {
    return this.#byConnection.get(connection)?.keys.has(key) === true;
  }

  /** Begins to watch. Returns `false` if the connection watches the maximum number of conversations. */
  add(connection: Connection, key: string): boolean {
    let watcher = this.#byConnection.get(connection);
    if (watcher === undefined) {
      watcher = new Watcher(() => this.#forget(connection));
      this.#byConnection.set(connection, watcher);
      connection.addReader(watcher);
    }
    if (watcher.keys.has(key)) return true;
    if (watcher.keys.size >= MAX_WATCHED) return false;
    watcher.keys.add(key);
    const connections = this.#byConversation.get(key);
    if (connections === undefined) this.#byConversation.set(key, new Set([connection]));
    else connections.add(connection);
    return true;
  }

  /** Stops watching. */
  remove(connection: Connection, key: string): void {
    this.#byConnection.get(connection)?.keys.delete(key);
    const connections = this.#byConversation.get(key);
    connections?.delete(connection);
    if (connections?.size === 0) this.#byConversation.delete(key);
  }

  #forget(connection: Connection): void {
    for (const key of this.#byConnection.get(connection)?.keys ?? []) this.remove(connection, key);
    this.#byConnection.delete(connection);
  }
}
