import { difference, metric } from '../../lib/bench.js';
import { startAlone, startNodes, withRedis } from '../../lib/nodes.js';
import { flatOut, steady } from '../../lib/steady.js';

/** What a token costs a server, and Redis, with Redis in the path; in the first column the server keeps runs in memory. */
export const tokens = (bench) =>
  withRedis(bench, async () => {
    const start = (side) => (side === 'bare' ? startAlone(bench) : startNodes(bench, undefined));
    const windowMs = bench.quick ? 1000 : 1500;
    const cases = {
      '400 streams': steady(bench, { clients: 400, windowMs }),
      '50 streams': steady(bench, { clients: 50, windowMs }),
      '50 streams at full speed': flatOut(bench, { clients: 50 }),
    };
    const lines = [];
    // With 50 streams nearly each token is a call of its own: that is the price of waiting for no others.
    for (const [label, { measure, warmUp }] of Object.entries(cases)) {
      const results = await bench.rounds(label, measure, { start, warmUp });
      lines.push(
        // Microseconds per token are seconds per million tokens.
        metric(`${label}: CPU per million tokens`, 's', results, 'cpu'),
        difference(
          `${label}: more with Redis, per token`,
          'µs',
          results,
          'cpu',
          label === '50 streams' ? null : { atMost: 3 },
        ),
        metric(`${label}: tokens per second`, '', results, 'perSecond', null, 'context'),
        metric('messages per token', '', results, 'messages', null, 'context'),
        metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
      );
      if ('redis' in results.ours[0])
        lines.push(metric(`${label}: CPU of Redis per million tokens`, 's', { ...results, bare: [] }, 'redis'));
    }
    return lines;
  });
tokens.columns = ['in memory', 'with Redis'];
