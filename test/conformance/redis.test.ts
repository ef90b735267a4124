import { randomUUID } from 'node:crypto';
import { beforeEach, describe, it, vi } from 'vitest';
import type { RedisStore } from '../../src/stores/redis/redis-store.js';
import { runLogCases, runStoreCases, runStoreFaultCases, toolLedgerCases } from '../../src/testing/index.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { createRun, openRedisStore } from '../helpers/redis-store.js';
import { metaOf } from '../helpers/sqlite.js';

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  const redis = redisOfFile({ user: true });

  describe('RunStore', () => {
    const make = async (settings: object) => (await openRedisStore(redis.url, settings)).runs;
    for (const { name, run } of runStoreCases(make)) it(name, run);
  });

  describe('RunStore whose database fails', () => {
    const make = async () => {
      const store = await openRedisStore(redis.url);
      const { connection } = store.parts;
      const send = connection.send.bind(connection);
      let isFailing = false;
      // As a Redis without room for more answers.
      vi.spyOn(connection, 'send').mockImplementation((key, args) =>
        isFailing
          ? Promise.reject(new Error("OOM command not allowed when used memory > 'maxmemory'."))
          : send(key, args),
      );
      return {
        store: store.runs,
        fail: (fails: boolean) => void (isFailing = fails),
      };
    };
    for (const { name, run } of runStoreFaultCases(make)) it(name, run);
  });

  describe('RunLog of the host', () => {
    let ofCase: Promise<RedisStore> | undefined;
    beforeEach(() => (ofCase = undefined));
    const make = async (runId: string) =>
      createRun(await (ofCase ??= openRedisStore(redis.url)), metaOf(runId, randomUUID()));
    for (const { name, run } of runLogCases(make)) it(name, run);
  });

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(async () => (await openRedisStore(redis.url)).ledger)) it(name, run);
  });
});
