import { onTestFinished, vi } from 'vitest';
import { FaultProxy } from '../../src/testing/index.js';
import { startRedis, type RedisServer } from './redis.js';

const PATIENCE = { timeout: 30_000, interval: 20 };

/** A master and its replica behind one address, as those who operate Redis for others offer it. */
export interface OneAddress {
  readonly url: string;
  readonly port: number;
  /** Lets the replica have what was written so far, and nothing more. */
  lag(): Promise<void>;
  /**
   * Makes a master of the replica, which has all that was written unless it lags, and leads new connections to it. The old
   * master is a replica then, and keeps its connections.
   */
  failOver(): Promise<void>;
}

/** Starts both servers until the end of the test. */
export async function redisBehindOneAddress(): Promise<OneAddress> {
  const settings = { 'repl-diskless-sync-delay': '0' };
  const [master, replica] = [await startRedis({ settings }), await startRedis({ settings })];
  const [proxy, link] = [
    await FaultProxy.start({ target: master.port }),
    await FaultProxy.start({ target: master.port }),
  ];
  for (const each of [proxy, link]) onTestFinished(() => each.close());
  await replica.call('REPLICAOF', '127.0.0.1', String(link.port));
  await untilLinked(replica);
  let lags = false;
  return {
    url: `redis://127.0.0.1:${proxy.port}`,
    port: proxy.port,
    lag: async () => {
      await untilReplicated(master, replica);
      lags = true;
      link.stall();
    },
    failOver: async () => {
      // A replica that has not heard of a run yet would lose it, as it may in a failover.
      if (!lags) await untilReplicated(master, replica);
      await replica.call('REPLICAOF', 'NO', 'ONE');
      proxy.target = replica.port;
      await master.call('REPLICAOF', '127.0.0.1', String(replica.port));
      await untilLinked(master);
    },
  };
}

/** Waits until a replica follows its master. */
export async function untilLinked(replica: RedisServer): Promise<void> {
  await vi.waitUntil(async () => (await replica.call('INFO', 'replication')).includes('link_status:up'), PATIENCE);
}

/** Waits until a replica has what its master has now. */
export async function untilReplicated(master: RedisServer, replica: RedisServer): Promise<void> {
  const written = await positionIn(master, 'master_repl_offset');
  await vi.waitUntil(async () => (await positionIn(replica, 'slave_repl_offset')) >= written, PATIENCE);
}

/** How far a server is in the stream of writes, by the name of the field that tells it. */
async function positionIn(server: RedisServer, field: string): Promise<number> {
  const position = new RegExp(`^${field}:(\\d+)`, 'm').exec(await server.call('INFO', 'replication'))?.[1];
  if (position === undefined) throw new Error(`The server tells no ${field}`);
  return Number(position);
}
