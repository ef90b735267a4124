import { randomUUID } from 'node:crypto';
import { describe, it, vi } from 'vitest';
import type { RedisStore } from '../../src/stores/redis/redis-store.js';
import { runLogCases, runStoreCases, runStoreFaultCases, toolLedgerCases } from '../../src/testing/index.js';
import { missingRedis, redisClusterOfFile, redisOfFile } from '../helpers/redis.js';
import { createRun, openRedisStore } from '../helpers/redis-store.js';
import { IS_LONG } from '../helpers/schedules.js';
import { metaOf } from '../helpers/sqlite.js';

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  const redis = redisOfFile();

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

  describeLogs('RunLog of the host', () => redis.url);

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(async () => (await openRedisStore(redis.url)).ledger)) it(name, run);
  });
});

describe.skipIf(missingRedis() !== '')(`in Redis Cluster${missingRedis()}`, () => {
  const { servers } = redisClusterOfFile();
  const url = (): string => servers[0]?.url ?? '';

  describe('RunStore', () => {
    const make = async (settings: object) => (await openRedisStore(url(), settings)).runs;
    // Deleting asks each of 128 partitions many times.
    const isLong = (name: string) => /drops|forgets|remembers|shares|costs/.test(name) && !IS_LONG;
    for (const { name, run } of runStoreCases(make)) it.skipIf(isLong(name))(name, run);
  });

  describeLogs('RunLog of the host', url);

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(async () => (await openRedisStore(url())).ledger)) it(name, run);
  });
});

function describeLogs(what: string, url: () => string): void {
  describe(what, () => {
    let shared: Promise<RedisStore> | undefined;
    const cases = runLogCases(async (runId) =>
      createRun(await (shared ??= openRedisStore(url())), metaOf(runId, randomUUID())),
    );
    for (const { name, run } of cases) {
      it(name, async () => {
        shared = undefined;
        await run();
      });
    }
  });
}
