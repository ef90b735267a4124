import { randomUUID } from 'node:crypto';
import { describe, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/runtime/logger.js';
import { Keys } from '../../src/stores/redis/keys.js';
import { RedisConnection } from '../../src/stores/redis/redis-client.js';
import { RedisRoomStore } from '../../src/stores/redis/redis-room-store.js';
import { Wakes } from '../../src/stores/redis/wakes.js';
import { roomStoreCases } from '../../src/testing/index.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';

const redis = redisOfFile();

async function make(clock: () => number) {
  const connection = await RedisConnection.open(redis.url);
  const keys = new Keys(`t${randomUUID()}`);
  const wakes = new Wakes({ connection, keys, nodeId: 'a', logger: silentLogger });
  await wakes.open();
  onTestFinished(() => {
    wakes.close();
    connection.close();
  });
  return new RedisRoomStore({ connection, keys, wakes, node: 'a', isGone: () => false, clock, logger: silentLogger });
}

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  describe('RoomStore', () => {
    for (const { name, run } of roomStoreCases(make)) it(name, run);
  });
});
