import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

const MEMBERS = 1_000;

/** CPU of a message to a room of 1,000: of the bare server, of agent-ws and of Socket.IO. */
export async function rooms(bench) {
  const windowMs = bench.quick ? 3_000 : 5_000;
  const measure = (perSecond) => async (server) => {
    const { port, sample } = server;
    const language = server.script === 'socket-io.js' ? 'socket.io' : 'agent-ws';
    await bench.load.call('roomStart', { port, language, clients: MEMBERS, perSecond });
    await sleep(2_000);
    const [before, first] = await Promise.all([sample(), bench.load.call('roomCount')]);
    await sleep(windowMs);
    const [after, last] = await Promise.all([sample(), bench.load.call('roomCount')]);
    await bench.load.call('roomStop');
    await sleep(200);
    const heard = last.heard - first.heard;
    return {
      cpu: (after.cpu - before.cpu) / heard,
      rate: (heard / MEMBERS / (last.at - first.at)) * 1000,
      busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
    };
  };
  // Two builds are compared with each other only.
  const sides = bench.builds.length > 1 ? ['bare', 'ours'] : ['bare', 'socketIo', 'ours'];
  const lines = [];
  for (const perSecond of [25, 100]) {
    const results = await bench.rounds(`rooms, ${perSecond} messages a second`, measure(perSecond), { sides });
    const of = `${perSecond} a second`;
    lines.push(
      metric(`${of}: CPU per message and member`, 'µs', results, 'cpu', { ratioAtMost: 1.1 }),
      metric(`${of}: messages per second to ${MEMBERS} members`, '1/s', results, 'rate', null, 'context'),
      metric(`${of}: server busy meanwhile`, '%', results, 'busy', null, 'context'),
    );
    if (results.socketIo === undefined) continue;
    const withSocketIo = { ...results, bare: results.socketIo };
    lines.push(
      metric(`${of}: CPU of Socket.IO, agent-ws`, 'µs', withSocketIo, 'cpu', { ratioAtMost: 1 }),
      metric(`${of}: messages per second of Socket.IO, agent-ws`, '1/s', withSocketIo, 'rate', null, 'context'),
      metric(`${of}: busy of Socket.IO, agent-ws`, '%', withSocketIo, 'busy', null, 'context'),
    );
  }
  return lines;
}
