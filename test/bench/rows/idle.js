import { metric } from '../lib/bench.js';

/** Memory of a connection that does nothing. */
export async function idle(bench) {
  const count = 10_000;
  const open = (port, number) => bench.load.call('idleOpen', { port, count: number });
  const results = await bench.rounds(
    'idle',
    async ({ port, collect }) => {
      // The first connections pay for compiled code and grown tables; they are not the cost of a connection.
      await open(port, 500);
      await bench.load.call('idleClose');
      const before = await collect();
      await open(port, count);
      const after = await collect();
      await bench.load.call('idleClose');
      return { rss: (after.rss - before.rss) / count, heap: (after.heap - before.heap) / count };
    },
    { fresh: true, timed: false },
  );
  return [
    metric('RSS per idle connection', 'bytes', results, 'rss', { ratioAtMost: 1.1 }),
    metric('heap per idle connection', 'bytes', results, 'heap'),
  ];
}
