import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

/** Memory of a stream in progress: its connection, its upstream request, its run and its log. */
export async function liveStreams(bench) {
  const count = 500;
  const results = await bench.rounds(
    'live streams',
    async ({ port, collect }) => {
      const streams = (clients, tokens) =>
        bench.load.call('streamsStart', {
          port,
          clients,
          streams: 1,
          spreadMs: 200,
          plan: { tokens, intervalMs: 20, perPacket: 1 },
        });
      await streams(count, 50);
      await bench.load.call('streamsResult');
      const before = await collect();
      await streams(count, 400);
      await sleep(4_000);
      const after = await collect();
      const { exact } = await bench.load.call('streamsResult');
      return {
        memory: (after.heap + after.external - before.heap - before.external) / count,
        exact: exact * 100,
      };
    },
    { fresh: true, timed: false },
  );
  return [
    metric('heap and buffers per live stream', 'bytes', results, 'memory'),
    metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
  ];
}
