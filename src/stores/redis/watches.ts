import { hashOf, type Keys } from './keys.js';
import type { RedisConnection } from './redis-client.js';
import type { Script } from './script.js';
import { UNWATCH, WATCH } from './scripts/facts.js';

/** How often a node says again what it watches, in milliseconds. */
const RENEW_MS = 60_000;
/** Maximum number of conversations in one call of a script. */
const CONVERSATIONS_PER_CALL = 64;

interface Watched {
  readonly owner: string;
  readonly conversationId: string;
  readonly base: string;
  readonly key: string;
}

/** The conversations that this node watches: other nodes wake it when they create a run there. */
export class Watches {
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #nodeId: string;
  readonly #watched = new Map<string, Watched>();
  /** What Redis does not have yet. */
  readonly #unwritten = new Set<string>();
  #renewedAt = performance.now();

  constructor(connection: RedisConnection, keys: Keys, nodeId: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#nodeId = nodeId;
  }

  set(owner: string, conversationId: string, active: boolean): void {
    const watched: Watched = {
      owner,
      conversationId,
      base: this.#keys.baseOf(owner),
      key: hashOf(owner, conversationId),
    };
    if (active) {
      this.#watched.set(watched.key, watched);
      this.#unwritten.add(watched.key);
      void this.#write(WATCH, [watched]);
    } else if (this.#watched.delete(watched.key)) {
      this.#unwritten.delete(watched.key);
      // If this is lost, the node is woken in vain for some minutes.
      void this.#write(UNWATCH, [watched]);
    }
  }

  has(owner: string, conversationId: string): boolean {
    return this.#watched.has(hashOf(owner, conversationId));
  }

  [Symbol.iterator](): Iterator<Readonly<Watched>> {
    return this.#watched.values();
  }

  /** Writes what could not be written, and everything from time to time. Called with each beat. */
  retry(): void {
    const isTime = performance.now() - this.#renewedAt >= RENEW_MS;
    if (isTime) this.#renewedAt = performance.now();
    const due = [...this.#watched.values()].filter(({ key }) => isTime || this.#unwritten.has(key));
    if (due.length > 0) void this.#write(WATCH, due);
  }

  async #write(script: Script, all: readonly Watched[]): Promise<void> {
    const byBase = new Map<string, string[]>();
    for (const { base, key } of all) {
      const keys = byBase.get(base);
      if (keys === undefined) byBase.set(base, [key]);
      else keys.push(key);
    }
    const calls: Promise<void>[] = [];
    for (const [base, keys] of byBase) {
      for (let i = 0; i < keys.length; i += CONVERSATIONS_PER_CALL) {
        calls.push(this.#call(script, base, keys.slice(i, i + CONVERSATIONS_PER_CALL)));
      }
    }
    await Promise.all(calls);
  }

  async #call(script: Script, base: string, keys: readonly string[]): Promise<void> {
    try {
      await script.run(this.#connection, base, [this.#nodeId, ...keys]);
      for (const key of keys) this.#unwritten.delete(key);
    } catch {
      // Written with a later beat.
    }
  }
}
