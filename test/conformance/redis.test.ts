import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import type { RedisStore } from '../../src/stores/redis/redis-store.js';
import {
  conversationStoreCases,
  roomStoreCases,
  runLogCases,
  runStoreCases,
  toolLedgerCases,
} from '../../src/testing/index.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { createRun, openRedisStore } from '../helpers/redis-store.js';
import { metaOf } from '../helpers/sqlite.js';

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  const redis = redisOfFile();

  describe('RunStore', () => {
    const make = async (settings: object) => (await openRedisStore(redis.url, settings)).runs;
    for (const { name, run } of runStoreCases(make)) it(name, run);
  });

  describe('RunLog of the host', () => {
    let shared: Promise<RedisStore> | undefined;
    const cases = runLogCases(async (runId) =>
      createRun(await (shared ??= openRedisStore(redis.url)), metaOf(runId, randomUUID())),
    );
    for (const { name, run } of cases) {
      it(name, async () => {
        shared = undefined;
        await run();
      });
    }
  });

  describe('ConversationStore', () => {
    const make = async (settings: object) => (await openRedisStore(redis.url, settings)).conversations;
    for (const { name, run } of conversationStoreCases(make)) it(name, run);
  });

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(async () => (await openRedisStore(redis.url)).ledger)) it(name, run);
  });

  describe('RoomStore', () => {
    const make = async (clock: () => number) => (await openRedisStore(redis.url, { clock })).rooms;
    for (const { name, run } of roomStoreCases(make)) it(name, run);
  });
});
