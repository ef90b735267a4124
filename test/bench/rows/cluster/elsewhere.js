import { difference, metric } from '../../lib/bench.js';
import { startNodes, withRedis } from '../../lib/nodes.js';
import { watched } from '../../lib/watched.js';

/** A reader at another node than the host of the run, and beside it the one who asked at the host. */
export const elsewhere = (bench) =>
  withRedis(bench, async () => {
    const measure = ({ nodes: [host, other] }, seconds) =>
      watched(bench, { runs: 200, seconds, askAt: host.port, readAt: [other.port] });
    const results = await bench.rounds(
      'elsewhere',
      async (server) => {
        const [host, other] = server.nodes;
        const before = await Promise.all([host.sample(), other.sample()]);
        const { asking, reading, exact, tokens } = await measure(server, bench.quick ? 2 : 3);
        const after = await Promise.all([host.sample(), other.sample()]);
        const [atHost, atOther] = after.map(({ cpu }, i) => (cpu - before[i].cpu) / tokens);
        return { host: { ...asking, cpu: atHost }, other: { ...reading.get(other.port), cpu: atOther }, exact };
      },
      {
        sides: ['ours'],
        start: () => startNodes(bench, undefined, undefined),
        warmUp: (server) => measure(server, 1.5),
      },
    );
    const [bare, ours] = ['host', 'other'].map((key) => results.ours.map((round) => round[key]));
    const both = { ...results, bare, ours };
    return [
      metric('model to reader, p50', 'ms', both, 'p50'),
      metric('model to reader, p99', 'ms', both, 'p99'),
      difference('later elsewhere, p50', 'ms', both, 'p50', { atMost: 1.5 }),
      difference('later elsewhere, p99', 'ms', both, 'p99'),
      metric('CPU per million tokens, starts and ends included', 's', both, 'cpu'),
      metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
    ];
  });
elsewhere.columns = ['at the host', 'elsewhere'];
