import { metric } from '../lib/bench.js';
import { echoes } from '../lib/echoes.js';

/** CPU of a ping and how many get through. */
export async function ping(bench) {
  const single = await bench.rounds('ping', echoes(bench, { talk: 'ping' }));
  const batch = await bench.rounds('ping, 16 per write', echoes(bench, { talk: 'ping', depth: 16 }));
  return [
    metric('CPU per ping', 'µs', single, 'cpu', { ratioAtMost: 1.15 }),
    metric('pings per second', '1/s', single, 'rate', null, 'gain'),
    metric('server busy meanwhile', '%', single, 'busy', null, 'context'),
    metric('CPU per ping, 16 per write', 'µs', batch, 'cpu'),
    metric('pings per second, 16 per write', '1/s', batch, 'rate', null, 'gain'),
    metric('server busy meanwhile', '%', batch, 'busy', null, 'context'),
  ];
}
