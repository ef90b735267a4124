import { randomUUID } from 'node:crypto';
import { Redis } from './redis.js';

/** Measures with a Redis of its own, which other rows have left nothing in. */
export async function withRedis(bench, measure) {
  bench.redis = await Redis.start();
  try {
    return await measure(bench.redis);
  } finally {
    await bench.redis.stop();
    bench.redis = null;
  }
}

/** A server that keeps its runs in memory, for users as those of {@link startNodes}. */
export const startAlone = (bench) => bench.server(bench.agentWs({ users: true }));

/**
 * A new cluster as one side of a measurement: its ports, and what its nodes take together.
 * @param {...('queue' | 'work' | undefined)} roles - of its nodes: whether they leave their runs to workers, or work
 */
export async function startNodes(bench, ...roles) {
  const prefix = randomUUID();
  const settings = { store: 'redis', url: bench.redis.url, prefix, users: true };
  const nodes = await Promise.all(roles.map((runs) => bench.server(bench.agentWs({ ...settings, runs }))));
  return {
    nodes,
    port: nodes.map(({ port }) => port),
    async sample() {
      const samples = await Promise.all(nodes.map((node) => node.sample()));
      return { at: samples[0].at, cpu: samples.reduce((sum, { cpu }) => sum + cpu, 0) };
    },
    stop: () => Promise.all(nodes.map((node) => node.stop())),
  };
}
