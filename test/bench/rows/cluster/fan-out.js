import { metric } from '../../lib/bench.js';
import { startNodes, withRedis } from '../../lib/nodes.js';
import { watched } from '../../lib/watched.js';

const EACH = 100;

/** One run that is read by 100 connections at each of three nodes, one of which is its host. */
export const fanOut = (bench) =>
  withRedis(bench, async () => {
    const measure = ({ port }, seconds) =>
      watched(bench, { runs: 1, seconds, each: EACH, intervalMs: 20, askAt: port[0], readAt: port });
    const results = await bench.rounds(
      'fan-out',
      async (server) => {
        const { nodes } = server;
        const cpu = () => Promise.all(nodes.map((node) => node.sample().then((sample) => sample.cpu)));
        const redis = await bench.redis.cpuMs();
        const before = await cpu();
        const { reading, exact, tokens } = await measure(server, bench.quick ? 2 : 3);
        const after = await cpu();
        const round = { exact, redis: (((await bench.redis.cpuMs()) - redis) * 1000) / tokens };
        for (const [i, { port }] of nodes.entries()) {
          const { p50, p99 } = reading.get(port);
          Object.assign(round, {
            [`p50 of ${i}`]: p50,
            [`p99 of ${i}`]: p99,
            [`cpu of ${i}`]: (after[i] - before[i]) / tokens,
          });
        }
        return round;
      },
      {
        sides: ['ours'],
        start: () => startNodes(bench, undefined, undefined, undefined),
        warmUp: (server) => measure(server, 1.5),
      },
    );
    const lines = ['host', 'second node', 'third node'].flatMap((name, i) => [
      metric(`${name}: model to reader, p50`, 'ms', results, `p50 of ${i}`),
      metric(`${name}: model to reader, p99`, 'ms', results, `p99 of ${i}`),
      metric(`${name}: CPU per token for ${EACH} readers`, 'µs', results, `cpu of ${i}`),
    ]);
    return [
      ...lines,
      metric('CPU of Redis per token', 'µs', results, 'redis'),
      metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
    ];
  });
fanOut.columns = ['', 'three nodes'];
