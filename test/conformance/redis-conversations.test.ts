import { describe, it } from 'vitest';
import { conversationStoreCases } from '../../src/testing/index.js';
import { missingRedis, redisClusterOfFile, redisOfFile } from '../helpers/redis.js';
import { openRedisStore } from '../helpers/redis-store.js';

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  describe('ConversationStore', () => {
    const redis = redisOfFile();
    const make = async (settings: object) => (await openRedisStore(redis.url, settings)).conversations;
    for (const { name, run } of conversationStoreCases(make)) it(name, run);
  });

  describe('ConversationStore in a cluster of Redis', () => {
    const { servers } = redisClusterOfFile();
    const make = async (settings: object) => (await openRedisStore(servers[0]?.url ?? '', settings)).conversations;
    for (const { name, run } of conversationStoreCases(make)) it(name, run);
  });
});
