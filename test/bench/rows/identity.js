import { difference, metric } from '../lib/bench.js';
import { echoes } from '../lib/echoes.js';
import { warmUp, withoutPause } from '../lib/short-answers.js';
import { tokensOf } from '../lib/tokens.js';

/** What it costs to know who asks: a token for each client, scopes for each action, and limits. Both columns are agent-ws. */
export async function identity(bench) {
  const tokens = await tokensOf(64);
  const start = (side) => bench.server(bench.agentWs({ access: side === 'ours' ? 'tokens' : 'open' }));
  const ping = await bench.rounds('identity, ping', echoes(bench, { talk: 'ping', tokens, inNaps: true }), { start });
  const said = await bench.rounds('identity, room', echoes(bench, { talk: 'room_message', tokens, inNaps: true }), {
    start,
  });
  const asked = await bench.rounds(
    'identity, queries',
    withoutPause(bench, { clients: 50, windowMs: bench.quick ? 1500 : 3000, tokens }),
    { start, warmUp: warmUp(bench, tokens) },
  );
  return [
    metric('CPU per ping', 'µs', ping, 'cpu', { ratioAtMost: 1.05 }),
    metric('CPU per message in a room', 'µs', said, 'cpu', { ratioAtMost: 1.05 }),
    metric('CPU per query', 'µs', asked, 'cpu'),
    difference('CPU per query: more', 'µs', asked, 'cpu', { atMost: 10 }),
    metric('wrong answers', '', asked, 'wrong', { atMost: 0 }, 'rule'),
  ];
}
identity.columns = ['open', 'with tokens'];
