import { metric } from '../lib/bench.js';
import { atOnce, warmUp } from '../lib/short-answers.js';

/** Time from sending a query to the first piece of text, with an upstream that answers at once. */
export async function firstToken(bench) {
  const options = { warmUp: warmUp(bench) };
  const one = atOnce(bench, { clients: 1, repeat: bench.quick ? 100 : 200 });
  const fifty = atOnce(bench, { clients: 50, repeat: bench.quick ? 15 : 30 });
  const alone = await bench.rounds('first token alone', one, options);
  const many = await bench.rounds('first token, 50 at once', fifty, options);
  return [
    metric('first token alone, p50', 'ms', alone, 'p50', { ratioAtMost: 1.4 }),
    metric('first token alone, p99', 'ms', alone, 'p99', { ratioAtMost: 2 }),
    metric('CPU per query of 3 tokens', 'µs', alone, 'cpu'),
    metric('wrong answers', '', alone, 'wrong', { atMost: 0 }, 'rule'),
    metric('first token of 50 at once, p50', 'ms', many, 'p50', { ratioAtMost: 1.3 }),
    metric('first token of 50 at once, p99', 'ms', many, 'p99', { ratioAtMost: 1.5 }),
    metric('wrong answers', '', many, 'wrong', { atMost: 0 }, 'rule'),
  ];
}
