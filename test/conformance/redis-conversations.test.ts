import { describe, it } from 'vitest';
import { conversationStoreCases, roomStoreCases } from '../../src/testing/index.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { openRedisStore } from '../helpers/redis-store.js';

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  const redis = redisOfFile();

  describe('ConversationStore', () => {
    const make = async (settings: object) => (await openRedisStore(redis.url, settings)).conversations;
    for (const { name, run } of conversationStoreCases(make)) it(name, run);
  });

  describe('RoomStore', () => {
    const make = async (clock: () => number) => (await openRedisStore(redis.url, { clock })).rooms;
    for (const { name, run } of roomStoreCases(make)) it(name, run);
  });
});
