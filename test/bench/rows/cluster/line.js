import { metric } from '../../lib/bench.js';
import { SHORT } from '../../lib/short-answers.js';
import { startNodes, withRedis } from '../../lib/nodes.js';
import { percentile } from '../../lib/numbers.js';

const CLIENTS = 4;

/** The way through the line of an idle worker: from `accepted` at the client to the question at the model. */
export const line = (bench) =>
  withRedis(bench, async () => {
    const ask = async ({ nodes: [service] }, repeat) => {
      await bench.upstream.call('recordSends');
      const answers = await bench.viewers.call('askInTurn', {
        port: service.port,
        clients: CLIENTS,
        repeat,
        plan: SHORT,
      });
      return { ...answers, sends: await bench.upstream.call('sends') };
    };
    const repeat = bench.quick ? 25 : 100;
    const results = await bench.rounds(
      'line',
      async (server) => {
        const redis = await bench.redis.cpuMs();
        const { accepted, first, sends, wrong } = await ask(server, repeat);
        const redisMs = (await bench.redis.cpuMs()) - redis;
        const since = (times) => [...accepted].map(([stream, at]) => times(stream) - at);
        const hops = since((stream) => sends.get(stream).askedAt);
        const firsts = since((stream) => first.get(stream));
        return {
          p50: percentile(hops, 50),
          p99: percentile(hops, 99),
          firstP50: percentile(firsts, 50),
          redis: (redisMs * 1000) / accepted.size,
          wrong,
        };
      },
      { sides: ['ours'], start: () => startNodes(bench, 'queue', 'work'), warmUp: (server) => ask(server, 25) },
    );
    return [
      metric('accepted to the question at the model, p50', 'ms', results, 'p50', { atMost: 2 }),
      metric('accepted to the question at the model, p99', 'ms', results, 'p99'),
      metric('accepted to the first text at the client, p50', 'ms', results, 'firstP50'),
      metric('CPU of Redis per run of 3 tokens', 'µs', results, 'redis'),
      metric('wrong answers', '', results, 'wrong', { atMost: 0 }, 'rule'),
    ];
  });
line.columns = ['', 'with a worker'];
