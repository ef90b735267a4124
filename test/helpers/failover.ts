import { onTestFinished, vi } from 'vitest';
import { FaultProxy } from '../../src/testing/index.js';
import { startRedis } from './redis.js';

/** A master and its replica behind one address, as those who operate Redis for others offer it. */
export interface OneAddress {
  readonly url: string;
  /** Makes a master of the replica, to which new connections go. The old master is a replica then, and keeps its connections. */
  failOver(): Promise<void>;
}

/** Starts both servers until the end of the test. */
export async function redisBehindOneAddress(): Promise<OneAddress> {
  const settings = { 'repl-diskless-sync-delay': '0' };
  const [master, replica] = [await startRedis({ settings }), await startRedis({ settings })];
  const untilLinked = (server: typeof master) =>
    vi.waitUntil(async () => (await server.call('INFO', 'replication')).includes('link_status:up'), {
      timeout: 30_000,
      interval: 20,
    });
  await replica.call('REPLICAOF', '127.0.0.1', String(master.port));
  await untilLinked(replica);
  const proxy = await FaultProxy.start({ target: master.port });
  onTestFinished(() => proxy.close());
  return {
    url: `redis://127.0.0.1:${proxy.port}`,
    failOver: async () => {
      await replica.call('REPLICAOF', 'NO', 'ONE');
      proxy.target = replica.port;
      await master.call('REPLICAOF', '127.0.0.1', String(replica.port));
      await untilLinked(master);
    },
  };
}
