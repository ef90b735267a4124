import { metric } from '../lib/bench.js';

/** From `connected` of a new connection to the first live token of a stream that another connection began. */
export async function resume(bench) {
  const plan = { tokens: 200, intervalMs: 20, perPacket: 1 };
  const repeat = bench.quick ? 2 : 4;
  const results = await bench.rounds(
    'resume',
    ({ port }) => bench.load.call('resume', { port, clients: 50, repeat, plan, afterChunks: 10 }),
    // The bare server has nothing to resume, and a client that says nothing of itself is somebody else the next time.
    { sides: bench.builds, start: (side) => bench.build(side, { users: true }) },
  );
  return [
    metric('resumed and live again, p50', 'ms', results, 'p50'),
    metric('resumed and live again, p95', 'ms', results, 'p95', { atMost: 100 }),
    metric('holes and repetitions', '', results, 'wrong', { atMost: 0 }, 'rule'),
  ];
}
