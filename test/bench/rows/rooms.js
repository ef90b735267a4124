import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

/** Messages in a second: with the clients on the same machine, 100 would saturate a core. */
const RATE = 25;

/** CPU of a message to a room of 1,000. */
export async function rooms(bench) {
  const clients = 1_000;
  const windowMs = bench.quick ? 3_000 : 5_000;
  const results = await bench.rounds('rooms', async ({ port, sample }) => {
    await bench.load.call('roomStart', { port, clients, perSecond: RATE });
    await sleep(2_000);
    const [before, first] = await Promise.all([sample(), bench.load.call('roomCount')]);
    await sleep(windowMs);
    const [after, last] = await Promise.all([sample(), bench.load.call('roomCount')]);
    await bench.load.call('roomStop');
    await sleep(200);
    const heard = last.heard - first.heard;
    return {
      cpu: (after.cpu - before.cpu) / heard,
      rate: (heard / clients / (last.at - first.at)) * 1000,
      busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
    };
  });
  return [
    metric('CPU per message and member', 'µs', results, 'cpu', { ratioAtMost: 1.1 }),
    metric('messages per second to 1,000 members', '1/s', results, 'rate', null, 'context'),
    metric('server busy meanwhile', '%', results, 'busy', null, 'context'),
  ];
}
