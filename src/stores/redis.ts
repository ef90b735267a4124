/** `agent-ws/redis`: keeps runs, tool calls and conversations in Redis or Valkey, for one server or several. */
import { OptionError } from '../runtime/option-error.js';
import { checkOptions } from '../runtime/option-table.js';
import { urlOrClient } from '../runtime/redis-access.js';
import { REDIS_STORE_OPTIONS, type RedisStoreOptions } from './redis/options.js';
import { RedisConnection } from './redis/redis-client.js';
import { RedisStore } from './redis/redis-store.js';
import { reasonOf } from './redis/server-check.js';
import type { Store } from '../store/store.js';

export type {
  Cluster,
  ClusterEvent,
  ClusterListener,
  ClusterNode,
  ClusterStatus,
  NodeInfo,
  NodeReading,
  PassedDecision,
  RunFacts,
} from '../store/cluster.js';
export type { ClaimRequest } from '../store/run-store.js';
export type { Store } from '../store/store.js';
export type { RedisClientLike } from './redis/redis-client.js';
export type { RedisStoreOptions } from './redis/options.js';

/**
 * Connects to Redis 6.2 or later, Redis Cluster 7.0 or later, or Valkey, and checks its settings. Servers that work with
 * the same Redis and `keyPrefix` are one cluster: any of them serves any client. Each server needs a store of its own, and
 * whoever opens the store closes it after the server.
 *
 * If Redis is away later, the store connects again by itself: writes of runs wait, and what can be refused is refused with
 * `store_unavailable` after 5 s. Needs the package `@redis/client`.
 * @throws OptionError if an option breaks its rule; an `Error` if the package is missing, if no connection can be made within
 *   5 s, or if Redis is too old, is set to delete what it holds (`maxmemory-policy`), has data that this version cannot
 *   read, or gives its user too few rights.
 */
export async function createRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { url, client, ...settings } = checkOptions(options, REDIS_STORE_OPTIONS);
  const given = urlOrClient(url, client);
  if (settings.leaseMs < 2 * settings.beatMs) {
    throw new OptionError('leaseMs', 'at least twice beatMs', settings.leaseMs);
  }
  let connection: RedisConnection | undefined;
  try {
    connection = await RedisConnection.open(given);
    return await RedisStore.open(connection, settings);
  } catch (error) {
    connection?.close();
    throw reasonOf(error);
  }
}
