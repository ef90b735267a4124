import { metric } from '../lib/bench.js';
import { atOnce, warmUp } from '../lib/short-answers.js';

/** The first token of a client that asks again as soon as its answer is over. */
export async function asksAgain(bench) {
  const lines = [];
  for (const lateEnd of [false, true]) {
    const end = lateEnd ? 'end apart' : 'end with [DONE]';
    const results = await bench.rounds(
      `asks again, ${end}`,
      atOnce(bench, { clients: 1, repeat: bench.quick ? 200 : 1000, plan: { intervalMs: 0, lateEnd } }),
      { warmUp: warmUp(bench) },
    );
    lines.push(
      metric(`first token p50, ${end}`, 'ms', results, 'p50'),
      metric(`first token p99, ${end}`, 'ms', results, 'p99'),
      metric('above 10 × p50', '%', results, 'outliers'),
      metric('wrong answers', '', results, 'wrong', { atMost: 0 }, 'rule'),
    );
  }
  return lines;
}
