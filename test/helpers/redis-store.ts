import { randomUUID } from 'node:crypto';
import { onTestFinished, vi } from 'vitest';
import type { RunLog, RunMeta } from '../../src/index.js';
import { silentLogger } from '../../src/runtime/logger.js';
import { runHash } from '../../src/stores/redis/keys.js';
import { RedisConnection, type RedisClientLike } from '../../src/stores/redis/redis-client.js';
import { RedisStore, type RedisStoreSettings } from '../../src/stores/redis/redis-store.js';

const DEFAULTS: RedisStoreSettings = {
  keyPrefix: '',
  durability: 'normal',
  beatMs: 2_000,
  leaseMs: 8_000,
  clusterSecret: undefined,
  retainMs: 300_000,
  maxRetainedBytes: 134_217_728,
  rememberIdsMs: 86_400_000,
  maxRememberedIds: 100_000,
  maxConversationBytes: 134_217_728,
  maxOwnerConversationBytes: undefined,
  logger: silentLogger,
};

/** A store with keys of its own, or those of another store, until the end of the test. */
export async function openRedisStore(
  redis: string | RedisClientLike,
  settings: Partial<RedisStoreSettings> = {},
): Promise<RedisStore> {
  const connection = await RedisConnection.open(redis);
  const store = await RedisStore.open(connection, { ...DEFAULTS, keyPrefix: `test-${randomUUID()}`, ...settings });
  onTestFinished(() => store.close());
  return store;
}

/** Claims a run. */
export async function createRun(store: RedisStore, meta: RunMeta): Promise<RunLog> {
  const claim = await store.runs.create(meta);
  if (claim.status !== 'created') throw new Error(`The run is ${claim.status}`);
  return claim.log;
}

/** The keys of a run: record and log. */
export function keysOf(store: RedisStore, { owner, id }: RunMeta): [record: string, log: string] {
  const base = store.parts.keys.baseOf(owner);
  return [`${base}r:${runHash(owner, id)}`, `${base}l:${runHash(owner, id)}`];
}

/** Takes a picture of a run in Redis. Returns a function that brings it back, as if what followed was lost. */
export async function remember(store: RedisStore, meta: RunMeta): Promise<() => Promise<void>> {
  const keys = keysOf(store, meta);
  const { connection } = store.parts;
  const dumps = await Promise.all(keys.map((key) => connection.sendForBytes(key, ['DUMP', key])));
  return async () => {
    const restored = keys.map((key, index) => {
      const dump = dumps[index];
      return connection.send(key, dump instanceof Buffer ? ['RESTORE', key, '0', dump, 'REPLACE'] : ['DEL', key]);
    });
    await Promise.all(restored);
  };
}

/** A reader that reads a log as connections do: whatever there is, whenever it is woken. */
export class LogReading {
  position: number;
  text = '';
  readonly #log: RunLog;
  readonly #stop: () => void;
  #isReading = false;
  #error: unknown;

  constructor(log: RunLog, after = 0) {
    this.#log = log;
    this.position = after;
    this.#stop = log.onPublished(() => void this.#pump());
    void this.#pump();
  }

  /** Reads until it has everything up to a position, and stops then. */
  async until(seq: number): Promise<string> {
    try {
      await vi.waitUntil(() => this.position >= seq || this.#error !== undefined);
      if (this.#error !== undefined)
        throw new Error(`The log cannot be read after ${this.position}`, { cause: this.#error });
      return this.text;
    } finally {
      this.#stop();
    }
  }

  async #pump(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.position < this.#log.published) await this.#readOnce();
    } catch (error) {
      this.#error = error;
    }
    this.#isReading = false;
  }

  async #readOnce(): Promise<void> {
    for (const entry of await this.#log.read(this.position)) {
      if (entry.firstSeq !== this.position + 1) throw new Error(`${entry.firstSeq} follows ${this.position}`);
      this.position = entry.seq;
      const { content = '|' } = JSON.parse(entry.encoded) as { content?: string };
      this.text += content;
    }
  }
}
