import { expect, it, vi } from 'vitest';
import { metaOf, text } from '../../../../src/testing/conformance/run-samples.js';
import { redisBehindOneAddress } from '../../../helpers/failover.js';
import { missingRedis, startRedis } from '../../../helpers/redis.js';
import { createRun, openRedisStore } from '../../../helpers/redis-store.js';

const PATIENCE = { timeout: 30_000, interval: 20 };

it.skipIf(missingRedis() !== '')(
  `A store goes on at the new master though the old one keeps its connections${missingRedis()}`,
  { timeout: 60_000 },
  async () => {
    const redis = await redisBehindOneAddress();
    const store = await openRedisStore(redis.url);
    const meta = metaOf();
    const log = await createRun(store, meta);
    log.append({ ...text(8), seq: 1 });
    await store.runs.commit();
    await redis.failOver();
    log.append({ ...text(8), seq: 2 });
    await store.conversations.update({ owner: 'ada', id: 'talk' }, { title: 'after the failover' });
    await vi.waitUntil(() => log.published === 2, PATIENCE);
    expect(store.isWritable).toBe(true);
    expect(await store.conversations.find({ owner: 'ada', id: 'talk' })).toMatchObject({ title: 'after the failover' });
  },
);

it.skipIf(missingRedis() !== '')(
  `A store whose address leads to a replica keeps what waits once, however often it connects anew${missingRedis()}`,
  { timeout: 60_000 },
  async () => {
    const redis = await startRedis();
    const store = await openRedisStore(redis.url);
    const log = await createRun(store, metaOf());
    log.append({ ...text(8), seq: 1 });
    await store.runs.commit();
    let connects = 0;
    store.parts.connection.watch({ onReady: () => void connects++ });
    await redis.call('REPLICAOF', '127.0.0.1', '1');
    log.append({ ...text(8), seq: 2 });
    await vi.waitUntil(() => connects >= 2, PATIENCE);
    const { bytes } = store.parts.queue;
    await vi.waitUntil(() => connects >= 5, PATIENCE);
    expect(store.parts.queue.bytes).toBe(bytes);
    await redis.call('REPLICAOF', 'NO', 'ONE');
    await vi.waitUntil(() => log.published === 2, PATIENCE);
  },
);
