import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

/** CPU of a ping and how many get through. */
export async function ping(bench) {
  const windowMs = bench.quick ? 1000 : 1500;
  const measure =
    (depth) =>
    async ({ port, sample }) => {
      await bench.load.call('pingStart', { port, clients: 64, depth });
      await sleep(500);
      const [before, first] = await Promise.all([sample(), bench.load.call('pingCount')]);
      await sleep(windowMs);
      const [after, last] = await Promise.all([sample(), bench.load.call('pingCount')]);
      await bench.load.call('pingStop');
      const pings = last.pongs - first.pongs;
      return {
        cpu: (after.cpu - before.cpu) / pings,
        rate: (pings / (last.at - first.at)) * 1000,
        busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
      };
    };
  const single = await bench.rounds('ping', measure(1));
  const batch = await bench.rounds('ping, 16 per write', measure(16));
  return [
    metric('CPU per ping', 'µs', single, 'cpu', { ratioAtMost: 1.15 }),
    metric('pings per second', '1/s', single, 'rate', null, 'gain'),
    metric('server busy meanwhile', '%', single, 'busy', null, 'context'),
    metric('CPU per ping, 16 per write', 'µs', batch, 'cpu'),
    metric('pings per second, 16 per write', '1/s', batch, 'rate', null, 'gain'),
    metric('server busy meanwhile', '%', batch, 'busy', null, 'context'),
  ];
}
