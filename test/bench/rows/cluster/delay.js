import { difference, metric } from '../../lib/bench.js';
import { atOnce, warmUp } from '../../lib/short-answers.js';
import { startAlone, startNodes, withRedis } from '../../lib/nodes.js';
import { watched } from '../../lib/watched.js';

/** How much later text reaches the client with Redis in the path; in the first column the server keeps runs in memory. */
export const delay = (bench) =>
  withRedis(bench, async () => {
    const start = (side) => (side === 'bare' ? startAlone(bench) : startNodes(bench, undefined));
    const first = await bench.rounds('first token', atOnce(bench, { clients: 1, repeat: bench.quick ? 50 : 150 }), {
      start,
      warmUp: warmUp(bench),
    });
    const lines = [
      metric('first token alone, p50', 'ms', first, 'p50'),
      difference('first token alone, more p50', 'ms', first, 'p50', { atMost: 1.5 }),
      metric('wrong answers', '', first, 'wrong', { atMost: 0 }, 'rule'),
    ];
    for (const runs of bench.quick ? [200] : [200, 1_000]) {
      const measure = ({ port }, seconds) => watched(bench, { runs, seconds, askAt: [port].flat()[0] });
      const results = await bench.rounds(
        `delay of ${runs} streams`,
        async (server) => {
          const { asking, exact } = await measure(server, 2.5);
          return { ...asking, exact };
        },
        { start, warmUp: (server) => measure(server, 1.5) },
      );
      lines.push(
        metric(`${runs} streams: model to client, p50`, 'ms', results, 'p50'),
        metric(`${runs} streams: model to client, p99`, 'ms', results, 'p99'),
        difference(`${runs} streams: more p50`, 'ms', results, 'p50'),
        metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
      );
    }
    return lines;
  });
delay.columns = ['in memory', 'with Redis'];
