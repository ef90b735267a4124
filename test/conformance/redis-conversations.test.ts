import { randomUUID } from 'node:crypto';
import { describe, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/runtime/logger.js';
import { Keys } from '../../src/stores/redis/keys.js';
import { RedisConnection } from '../../src/stores/redis/redis-client.js';
import { RedisConversationStore, type MessageWrites } from '../../src/stores/redis/redis-conversation-store.js';
import { conversationShares } from '../../src/stores/redis/redis-shares.js';
import { APPEND_MESSAGES } from '../../src/stores/redis/scripts/conversations.js';
import { conversationStoreCases, type ConversationStoreSettings } from '../../src/testing/index.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';

const redis = redisOfFile();

async function make({ clock, ...bounds }: ConversationStoreSettings) {
  const connection = await RedisConnection.open(redis.url);
  onTestFinished(() => connection.close());
  const keys = new Keys(`t${randomUUID()}`);
  let last: Promise<unknown> | undefined;
  const writes: MessageWrites = {
    push({ owner, args, onCharged }) {
      last = APPEND_MESSAGES.run(connection, keys.baseOf(owner), args).then(onCharged);
    },
    settled: () => last?.then(() => undefined),
  };
  const shares = conversationShares({
    connection,
    keys,
    logger: silentLogger,
    maxConversationBytes: 134_217_728,
    ...bounds,
  });
  return new RedisConversationStore({ connection, keys, writes, shares, clock });
}

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  describe('ConversationStore', () => {
    for (const { name, run } of conversationStoreCases(make)) it(name, run);
  });
});
