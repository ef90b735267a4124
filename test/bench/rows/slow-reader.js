import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

const MB = 1_000_000;

/** A client that stops reading in the middle of a very long answer. */
export async function slowReader(bench) {
  const holdMs = bench.quick ? 3000 : 5000;
  const plan = { stream: 0, tokens: 200_000, intervalMs: 0, perPacket: 4 };
  const results = await bench.rounds(
    'slow reader',
    async ({ port, sample, collect }) => {
      // A reader that keeps up makes the process as large as the work alone makes it.
      await bench.load.call('streamsStart', {
        port,
        clients: 1,
        streams: 2,
        spreadMs: 0,
        plan: { ...plan, tokens: 40_000 },
      });
      await bench.load.call('streamsResult', {});
      // Taken before the collection, which gives the system memory back that any work asks for again.
      const { rss } = await sample();
      await bench.pinger.call('pacerStart', { port, clients: 99, everyMs: 99 });
      await sleep(500);
      const before = await collect();
      await bench.pinger.call('pacerReset');
      await bench.load.call('stallStart', { port, plan, readChunks: 5 });
      let peak = 0;
      const deadline = Date.now() + holdMs;
      while (Date.now() < deadline) {
        peak = Math.max(peak, (await sample()).rss);
        await sleep(10);
      }
      const ping = await bench.pinger.call('pacerStop');
      const after = await collect();
      await bench.load.call('stallStop');
      return {
        peak: (peak - rss) / MB,
        kept: (after.heap + after.external - before.heap - before.external) / MB,
        pingP50: ping.p50,
        pingP99: ping.p99,
        pingMax: ping.max,
      };
    },
    { fresh: true },
  );
  return [
    metric('slow reader: heap and buffers kept', 'MB', results, 'kept', { atMost: 10 }),
    metric('slow reader: RSS growth, peak', 'MB', results, 'peak', { atMost: 10 }),
    metric('99 others: ping p50', 'ms', results, 'pingP50'),
    metric('99 others: ping p99', 'ms', results, 'pingP99'),
    metric('99 others: ping max', 'ms', results, 'pingMax'),
  ];
}
