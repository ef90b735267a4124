import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import { silentLogger } from '../../src/runtime/logger.js';
import { clusterCases, type ClusterNodes } from '../../src/testing/index.js';
import { missingRedis, redisClusterOfFile, redisOfFile } from '../helpers/redis.js';
import { openRedisStore } from '../helpers/redis-store.js';

const BEAT_MS = 200;
const LEASE_MS = 1_000;

/** Nodes that share the data under one prefix. */
function nodes(url: string, clusterSecret?: readonly string[]): ClusterNodes {
  const keyPrefix = `test-${randomUUID()}`;
  return {
    noticeMs: 3 * LEASE_MS,
    start: async () => {
      const times = { beatMs: BEAT_MS, leaseMs: LEASE_MS };
      const store = await openRedisStore(url, { keyPrefix, ...times, clusterSecret, logger: silentLogger });
      return {
        store,
        freeze: () => (store.cluster.beats = false),
        thaw: () => (store.cluster.beats = true),
      };
    },
  };
}

describe.skipIf(missingRedis() !== '')(`Cluster in Redis${missingRedis()}`, () => {
  const redis = redisOfFile();
  for (const { name, run } of clusterCases(() => nodes(redis.url))) it(name, run);
});

describe.skipIf(missingRedis() !== '')(`Cluster in Redis Cluster${missingRedis()}`, () => {
  const cluster = redisClusterOfFile(3);
  for (const { name, run } of clusterCases(() => nodes(cluster.servers[0]?.url ?? ''))) it(name, run);
});
