import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { AgentSocketServerOptions, Store } from '../../src/index.js';
import { createRedisStore, type RedisStoreOptions } from '../../src/stores/redis.js';
import { startServer, type TestServer } from './server.js';

/** A node of a cluster of a test, in this process. */
export interface TestNode extends TestServer {
  readonly store: Store;
}

/** What {@link startNodes} takes. */
export interface NodesOptions {
  /** The options of each server, by the index of the node. */
  readonly server?: (node: number) => Partial<AgentSocketServerOptions>;
  readonly store?: Partial<RedisStoreOptions>;
}

/** Starts servers that are one cluster; they end with the test. */
export async function startNodes(redis: string, count: number, options: NodesOptions = {}): Promise<TestNode[]> {
  const keyPrefix = options.store?.keyPrefix ?? randomUUID();
  const nodes: TestNode[] = [];
  for (let node = 0; node < count; node++) {
    const store = await createRedisStore({ url: redis, logger: false, ...options.store, keyPrefix });
    onTestFinished(async () => store.close());
    nodes.push({ ...(await startServer({ logger: false, ...options.server?.(node), store })), store });
  }
  return nodes;
}
