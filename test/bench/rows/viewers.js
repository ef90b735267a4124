import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

const VIEWERS = 1_000;
const PER_SECOND = 25;
const JOIN_MS = 2_000;

/** One answer in a room that 1,000 others join while it comes. */
export async function viewers(bench) {
  const windowMs = bench.quick ? 2_000 : 4_000;
  const seconds = (JOIN_MS + windowMs) / 1_000 + 6;
  const plan = { stream: 0, tokens: seconds * PER_SECOND, intervalMs: 1_000 / PER_SECOND, perPacket: 1 };
  const measure = async ({ port, sample }) => {
    await bench.load.call('audienceStart', { port, viewers: VIEWERS, plan });
    const joined = await bench.load.call('audienceJoin', { spreadMs: JOIN_MS });
    const [before, first] = await Promise.all([sample(), bench.load.call('audienceCount')]);
    await sleep(windowMs);
    const [after, last] = await Promise.all([sample(), bench.load.call('audienceCount')]);
    await bench.load.call('audienceStop');
    await sleep(200);
    const read = last.read - first.read;
    return {
      ...joined,
      cpu: (after.cpu - before.cpu) / read,
      rate: (read / VIEWERS / (last.at - first.at)) * 1000,
      busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
    };
  };
  // The bare server has no answers that several read.
  const results = await bench.rounds('viewers', measure, { sides: bench.builds, warmUp: measure });
  return [
    metric('from join to the first live text, p50', 'ms', results, 'p50'),
    metric('from join to the first live text, p99', 'ms', results, 'p99', { atMost: 100 }),
    metric('from join to the first live text, max', 'ms', results, 'max'),
    metric('CPU per message and viewer', 'µs', results, 'cpu'),
    metric(`messages per second to ${VIEWERS} viewers`, '1/s', results, 'rate', null, 'context'),
    metric('server busy meanwhile', '%', results, 'busy'),
  ];
}
