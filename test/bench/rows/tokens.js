import { metric } from '../lib/bench.js';
import { steady } from '../lib/steady.js';

/** CPU per streamed token while nothing starts or ends. */
export async function tokens(bench) {
  const cases = {
    one: { label: 'one per packet', clients: 400, perPacket: 1, goal: { ratioAtMost: 1.0 } },
    light: { label: 'one per packet, light load', clients: 50, perPacket: 1, goal: null },
    burst: { label: '16 per packet', clients: 50, perPacket: 16, goal: { ratioAtMost: 0.25 } },
    chunks: {
      label: '16 per packet, own HTTP chunks',
      clients: 50,
      perPacket: 16,
      ownChunks: true,
      goal: { ratioAtMost: 0.45 },
    },
  };
  const lines = [];
  for (const { label, clients, perPacket, ownChunks, goal } of Object.values(cases)) {
    const { measure, warmUp } = steady(bench, { clients, perPacket, ownChunks });
    const results = await bench.rounds(`tokens, ${label}`, measure, { warmUp });
    lines.push(
      // Microseconds per token are seconds per million tokens.
      metric(`CPU per million tokens, ${label}`, 's', results, 'cpu', goal),
      metric('server busy meanwhile', '%', results, 'busy', null, 'context'),
      metric(`heap allocated per token, ${label}`, 'bytes', results, 'allocated'),
      metric('messages per token', '', results, 'messages', null, 'context'),
      metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
    );
  }
  return lines;
}
