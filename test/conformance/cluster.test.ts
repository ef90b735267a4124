import { describe, it } from 'vitest';
import { clusterCases } from '../../src/testing/index.js';
import { redisNodes } from '../helpers/cluster-nodes.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';

describe.skipIf(missingRedis() !== '')(`Cluster in Redis${missingRedis()}`, () => {
  const redis = redisOfFile({ user: true });
  for (const { name, run } of clusterCases(() => redisNodes(redis.url, { beatMs: 200, leaseMs: 1_000 }))) it(name, run);
});
