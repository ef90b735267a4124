import { randomUUID } from 'node:crypto';
import type { RedisClientLike } from '../../src/stores/redis/redis-client.js';
import type { ClusterNodes } from '../../src/testing/index.js';
import { openRedisStore } from './redis-store.js';

/** How often nodes beat, and how long one may be silent, in milliseconds. */
export interface NodeTimes {
  readonly beatMs: number;
  readonly leaseMs: number;
}

/** Nodes of a new cluster over a Redis, for `clusterCases`. */
export function redisNodes(redis: string | RedisClientLike, times: NodeTimes): ClusterNodes {
  const keyPrefix = `test-${randomUUID()}`;
  return {
    noticeMs: 3 * times.leaseMs,
    start: async () => {
      const store = await openRedisStore(redis, { keyPrefix, ...times });
      return {
        store,
        freeze: () => (store.cluster.beats = false),
        thaw: () => (store.cluster.beats = true),
      };
    },
  };
}
