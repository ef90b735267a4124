import type { Logger } from '../../runtime/logger.js';
import type { Checked } from '../../runtime/option-table.js';
import { Keys } from './keys.js';
import type { RedisStoreOptions, REDIS_STORE_OPTIONS } from './options.js';
import type { RedisConnection, Reply } from './redis-client.js';
import { checkServer } from './server-check.js';
import { RedisCluster } from './redis-cluster.js';
import { Signer } from '../../store/signer.js';
import { Wakes } from './wakes.js';
import { RedisConversationStore, type MessageWrite, type MessageWrites } from './redis-conversation-store.js';
import { RedisParts } from './redis-parts.js';
import type { RedisRunStore } from './redis-run-store.js';
import { RedisRoomStore } from './redis-room-store.js';
import { conversationShares, type RedisShares } from './redis-shares.js';
import { RedisToolLedger } from './redis-tool-ledger.js';
import type { Store } from '../../store/store.js';
import { PATIENCE_MS } from './outage.js';
import { OperationWrite } from './write.js';

/** Options of the store, and what only tests set. */
export interface RedisStoreSettings extends Omit<
  Checked<RedisStoreOptions, typeof REDIS_STORE_OPTIONS>,
  'url' | 'client' | 'logger'
> {
  readonly logger: Logger;
  /**
   * The time of day, as Unix milliseconds.
   * @default Date.now, and the clock of Redis for what is kept
   */
  readonly clock?: (() => number) | undefined;
}

/** Everything in Redis. */
export class RedisStore implements Store {
  readonly runs: RedisRunStore;
  readonly ledger: RedisToolLedger;
  readonly conversations: RedisConversationStore;
  readonly rooms: RedisRoomStore;
  readonly cluster: RedisCluster;
  /** What works with the runs of this node. */
  readonly parts: RedisParts;
  readonly #wakes: Wakes;
  readonly #shares: RedisShares;

  private constructor(parts: RedisParts, settings: RedisStoreSettings) {
    const { connection, keys, calls, node } = parts;
    const { logger, maxConversationBytes, maxOwnerConversationBytes, clock = Date.now } = settings;
    this.parts = parts;
    this.runs = parts.runs;
    const { beatMs, leaseMs } = settings;
    this.#wakes = new Wakes({ connection, keys, nodeId: node, logger });
    this.cluster = new RedisCluster({ parts, wakes: this.#wakes, logger, beatMs, leaseMs });
    this.ledger = new RedisToolLedger(calls, keys, node);
    const bounds = { maxConversationBytes, maxOwnerConversationBytes };
    this.#shares = conversationShares({ connection, keys, logger, ...bounds });
    const { cluster } = this;
    const stillGone = (ids: Iterable<string>) => cluster.stillGone(ids);
    this.rooms = new RedisRoomStore({ calls, keys, wakes: this.#wakes, node, stillGone, clock, logger });
    cluster.onBeat(() => this.rooms.onBeat());
    const writes = messageWrites(parts);
    this.conversations = new RedisConversationStore({ calls, keys, writes, shares: this.#shares, clock });
  }

  static async open(connection: RedisConnection, settings: RedisStoreSettings): Promise<RedisStore> {
    const { keyPrefix, durability, logger, clusterSecret = [] } = settings;
    const isDurable = await checkServer({ connection, keys: new Keys(keyPrefix), durability, logger });
    const signer = new Signer(clusterSecret, logger);
    const made = { connection, keyPrefix, durability, isDurable, signer, logger };
    const parts = await RedisParts.open({ ...made, retention: settings });
    const store = new RedisStore(parts, settings);
    await store.#wakes.open();
    return store;
  }

  get isWritable(): boolean {
    return this.parts.outage.ms < PATIENCE_MS;
  }

  async close(): Promise<void> {
    this.cluster.close();
    await this.parts.close();
    this.#wakes.close();
    this.#shares.close();
    this.rooms.stop();
  }
}

/** Writes messages of conversations in one order with the runs that made them. */
function messageWrites({ queue, hosted }: RedisParts): MessageWrites {
  return {
    push(write: MessageWrite): void {
      const run = hosted.get(write.run);
      const onWritten = (charge: Reply | undefined): void => write.onCharged(charge ?? null);
      queue.pushBounded(write.owner, new OperationWrite(run, ['m', ...write.args], onWritten));
    },
    settled: (owner) => queue.settled(owner),
  };
}
