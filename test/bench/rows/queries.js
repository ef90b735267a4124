import { metric } from '../lib/bench.js';
import { atOnce, warmUp, withoutPause } from '../lib/short-answers.js';

/** What a query costs when its answer is short: at the same moment as 49 others, and when the server has nothing but queries. */
export async function queries(bench) {
  const options = { warmUp: warmUp(bench) };
  const bursts = await bench.rounds(
    'queries, 50 at once',
    atOnce(bench, { clients: 50, repeat: bench.quick ? 15 : 30, pauseMs: 50 }),
    options,
  );
  const full = await bench.rounds(
    'queries, full load',
    withoutPause(bench, { clients: 50, windowMs: bench.quick ? 1000 : 2000 }),
    options,
  );
  return [
    metric('CPU per query, 50 at once', 'µs', bursts, 'cpu', { ratioAtMost: 1.3 }),
    metric('server busy meanwhile', '%', bursts, 'busy', null, 'context'),
    metric('wrong answers', '', bursts, 'wrong', { atMost: 0 }, 'rule'),
    metric('CPU per query, full load', 'µs', full, 'cpu'),
    metric('queries per second, full load', '1/s', full, 'rate', null, 'gain'),
    metric('server busy meanwhile', '%', full, 'busy', null, 'context'),
    metric('heap allocated per query', 'bytes', full, 'allocated'),
    metric('collecting garbage, of the CPU', '%', full, 'collecting'),
    metric('wrong answers', '', full, 'wrong', { atMost: 0 }, 'rule'),
  ];
}
