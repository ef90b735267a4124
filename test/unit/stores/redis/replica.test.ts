import { expect, it, vi } from 'vitest';
import { metaOf, text } from '../../../../src/testing/conformance/run-samples.js';
import { untilLinked } from '../../../helpers/failover.js';
import { missingRedis, startRedis } from '../../../helpers/redis.js';
import { createRun, keysOf, openRedisStore } from '../../../helpers/redis-store.js';

const PATIENCE = { timeout: 30_000, interval: 20 };

it.skipIf(missingRedis() !== '')(
  `With the durability "replica" a commit waits until a replica has the write${missingRedis()}`,
  async () => {
    const settings = { 'repl-diskless-sync-delay': '0' };
    const [master, replica] = [await startRedis({ settings }), await startRedis({ settings })];
    const options = { durability: 'replica' } as const;
    await expect(openRedisStore(master.url, options)).rejects.toThrow('Redis has no replica: "durability: replica"');
    await replica.call('REPLICAOF', '127.0.0.1', String(master.port));
    await untilLinked(replica);
    const warn = vi.fn();
    const logger = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
    const store = await openRedisStore(master.url, { ...options, logger });
    const meta = metaOf();
    const log = await createRun(store, meta);
    await store.runs.commit();
    const [record, entries] = keysOf(store, meta);
    expect(await replica.call('EXISTS', record)).toBe(':1\r\n');

    replica.stop();
    let isCommitted = false;
    log.append({ ...text(8), seq: 1 });
    const committed = Promise.resolve(store.runs.commit()).then(() => (isCommitted = true));
    // The first wait for a confirmation is over.
    await vi.waitUntil(() => warn.mock.calls.some(([, message]) => String(message).includes('writes wait')), PATIENCE);
    expect(await master.call('XLEN', entries)).toBe(':1\r\n');
    expect([isCommitted, log.published]).toEqual([false, 0]);
    replica.cont();
    await committed;
    expect(log.published).toBe(1);
    expect(await replica.call('XLEN', entries)).toBe(':1\r\n');
  },
);
