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
      // What the same work takes with readers that keep up.
      const stopsWorking = peakRss(sample);
      await bench.load.call('streamsStart', {
        port,
        clients: 1,
        streams: 2,
        spreadMs: 0,
        plan: { ...plan, tokens: 100_000 },
      });
      await bench.load.call('streamsResult', {});
      const working = await stopsWorking();
      await bench.pinger.call('pacerStart', { port, clients: 99, everyMs: 99 });
      await sleep(500);
      const before = await collect();
      await bench.pinger.call('pacerReset');
      const stopsHolding = peakRss(sample);
      await bench.load.call('stallStart', { port, plan, readChunks: 5 });
      await sleep(holdMs);
      const peak = await stopsHolding();
      const ping = await bench.pinger.call('pacerStop');
      const after = await collect();
      await bench.load.call('stallStop');
      return {
        peak: (peak - working) / MB,
        rise: (peak - before.rss) / MB,
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
    metric('slow reader: peak of RSS, above that of readers that keep up', 'MB', results, 'peak', { atMost: 10 }),
    metric('slow reader: peak of RSS, above that before', 'MB', results, 'rise'),
    metric('99 others: ping p50', 'ms', results, 'pingP50'),
    metric('99 others: ping p99', 'ms', results, 'pingP99'),
    metric('99 others: ping max', 'ms', results, 'pingMax'),
  ];
}

/** Samples every 10 ms until the returned function is called, which tells the greatest RSS. */
function peakRss(sample) {
  let peak = 0;
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      peak = Math.max(peak, (await sample()).rss);
      await sleep(10);
    }
  })();
  return async () => {
    isOver = true;
    await sampling;
    return peak;
  };
}
