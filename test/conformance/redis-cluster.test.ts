import { describe, it } from 'vitest';
import { conversationStoreCases, roomStoreCases } from '../../src/testing/index.js';
import { missingRedis, redisClusterOfFile } from '../helpers/redis.js';
import { openRedisStore } from '../helpers/redis-store.js';

describe.skipIf(missingRedis() !== '')(`in a Redis Cluster${missingRedis()}`, () => {
  const { servers } = redisClusterOfFile(3, { user: true });
  const open = (settings: object) => openRedisStore(servers[0]?.url ?? '', settings);

  describe('ConversationStore', () => {
    const make = async (settings: object) => (await open(settings)).conversations;
    for (const { name, run } of conversationStoreCases(make)) it(name, run);
  });

  describe('RoomStore', () => {
    const make = async (clock: () => number) => (await open({ clock })).rooms;
    for (const { name, run } of roomStoreCases(make)) it(name, run);
  });
});
