import { metric } from '../../lib/bench.js';
import { startNodes, withRedis } from '../../lib/nodes.js';
import { flatOut, steady } from '../../lib/steady.js';

/** Two nodes with twice the streams of one. All share the cores of one machine, so CPU time tells what two machines would do. */
export const twoNodes = (bench) =>
  withRedis(bench, async () => {
    const roles = { bare: [undefined], ours: [undefined, undefined] };
    const start = (side) => startNodes(bench, ...roles[side]);
    const windowMs = bench.quick ? 1000 : 1500;
    const cases = {
      '200 streams a node': (nodes) => steady(bench, { clients: 200 * nodes.length, windowMs }),
      'at full speed': (nodes) => flatOut(bench, { clients: 25 * nodes.length }),
    };
    const lines = [];
    for (const [label, of] of Object.entries(cases)) {
      const results = await bench.rounds(`two nodes, ${label}`, (server) => of(server.nodes).measure(server), {
        start,
        warmUp: (server) => of(server.nodes).warmUp(server),
      });
      const times = results.ours.map(({ cpu }, i) => ({ times: (2 * results.bare[i].cpu) / cpu }));
      const ratio = { ...results, bare: [], ours: times };
      lines.push(
        metric(`${label}: CPU of the nodes per million tokens`, 's', results, 'cpu'),
        metric(`${label}: tokens per CPU second, times one node`, '', ratio, 'times', { atLeast: 1.85 }, 'gain'),
        metric(`${label}: tokens per second`, '', results, 'perSecond', null, 'context'),
        metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
      );
    }
    return lines;
  });
twoNodes.columns = ['one node', 'two nodes'];
