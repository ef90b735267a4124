import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { silentLogger } from '../../src/runtime/logger.js';
import { RedisConnection } from '../../src/stores/redis/redis-client.js';
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
export async function openRedisStore(url: string, settings: Partial<RedisStoreSettings> = {}): Promise<RedisStore> {
  const connection = await RedisConnection.open(url);
  const store = await RedisStore.open(connection, { ...DEFAULTS, keyPrefix: `test-${randomUUID()}`, ...settings });
  onTestFinished(() => store.close());
  return store;
}
