import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import type { RunLog } from '../../src/index.js';
import type { RedisStore } from '../../src/stores/redis/redis-store.js';
import { runLogCases, runStoreCases, toolLedgerCases } from '../../src/testing/index.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { openRedisStore } from '../helpers/redis-store.js';
import { metaOf } from '../helpers/sqlite.js';

/** A log of a run that is claimed in a store. */
async function createRun(store: RedisStore, runId: string): Promise<RunLog> {
  const claim = await store.runs.create(metaOf(runId, randomUUID()));
  if (claim.status !== 'created') throw new Error('The run exists already');
  return claim.log;
}

describe.skipIf(missingRedis() !== '')(`in Redis${missingRedis()}`, () => {
  const redis = redisOfFile();

  describe('RunStore', () => {
    const make = async (settings: object) => (await openRedisStore(redis.url, settings)).runs;
    for (const { name, run } of runStoreCases(make)) it(name, run);
  });

  describe('RunLog of the host', () => {
    let shared: Promise<RedisStore> | undefined;
    const cases = runLogCases(async (runId) => createRun(await (shared ??= openRedisStore(redis.url)), runId));
    for (const { name, run } of cases) {
      it(name, async () => {
        shared = undefined;
        await run();
      });
    }
  });

  describe('ToolLedger', () => {
    for (const { name, run } of toolLedgerCases(async () => (await openRedisStore(redis.url)).ledger)) it(name, run);
  });
});
