import { createClient } from '@redis/client';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import { createBullMqQueue } from '../../src/queues/bullmq.js';
import { workQueueCases } from '../../src/testing/index.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';

const missing = missingRedis();

describe.skipIf(missing !== '')(`a queue of BullMQ${missing}`, () => {
  const redis = redisOfFile();

  for (const { name, run } of workQueueCases(() => {
    const keyPrefix = `test-${randomUUID()}`;
    return () => createBullMqQueue({ client: createClient({ url: redis.url }), keyPrefix });
  })) {
    it(name, run);
  }
});
