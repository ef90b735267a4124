import { metric } from '../../lib/bench.js';
import { now, sleep } from '../../lib/clock.js';
import { startNodes, withRedis } from '../../lib/nodes.js';

const RUNS = 100;

/** From the death of the node that readers are connected to, which is not the host, to live text over a third one. */
export const nodeKilled = (bench) =>
  withRedis(bench, async () => {
    const start = async () => {
      const cluster = await startNodes(bench, undefined, undefined, undefined);
      // The node that dies can tell nothing when it is over.
      return { ...cluster, sample: cluster.nodes[0].sample };
    };
    const results = await bench.rounds(
      'node killed',
      async ({ nodes: [host, dying, other] }) => {
        const plan = { tokens: 1_000, intervalMs: 40, perPacket: 1 };
        await bench.viewers.call('start', { askAt: host.port, runs: RUNS, readAt: [dying.port], plan });
        await bench.viewers.call('move', { from: dying.port, to: other.port });
        await sleep(500);
        const since = now();
        await dying.stop();
        return bench.viewers.call('moved', { from: dying.port, since });
      },
      { fresh: true, sides: ['ours'], start },
    );
    return [
      metric(`${RUNS} readers live again, p50`, 'ms', results, 'p50'),
      metric(`${RUNS} readers live again, p95`, 'ms', results, 'p95', { atMost: 1_000 }),
      metric('exact so far', '%', results, 'exact', { atLeast: 100 }, 'rule'),
    ];
  });
nodeKilled.columns = ['', 'three nodes'];
