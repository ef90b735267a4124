import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

const INTERVAL_MS = 20;

/** CPU per streamed token while nothing starts or ends. */
export async function tokens(bench) {
  const windowMs = bench.quick ? 1000 : 2000;
  const settleMs = 800;
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
    const packets = (ms) => Math.ceil(ms / INTERVAL_MS) * perPacket;
    const start = (port, tokenCount) =>
      bench.load.call('streamsStart', {
        port,
        clients,
        streams: 1,
        spreadMs: INTERVAL_MS,
        plan: { tokens: tokenCount, intervalMs: INTERVAL_MS, perPacket, ownChunks },
      });
    const results = await bench.rounds(
      `tokens, ${label}`,
      async ({ port, sample }) => {
        await start(port, packets(settleMs + windowMs + 400));
        await sleep(settleMs);
        const before = await sample();
        await sleep(windowMs);
        const after = await sample();
        const result = await bench.load.call('streamsResult', { from: before.at, to: after.at });
        if (result.failure) throw new Error(`a stream failed: ${result.failure}`);
        return {
          cpu: (after.cpu - before.cpu) / result.windowTokens,
          busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
          messages: result.chunksPerToken,
          exact: result.exact * 100,
        };
      },
      {
        warmUp: async ({ port }) => {
          await start(port, packets(1000));
          await bench.load.call('streamsResult');
        },
      },
    );
    lines.push(
      // Microseconds per token are seconds per million tokens.
      metric(`CPU per million tokens, ${label}`, 's', results, 'cpu', goal),
      metric('server busy meanwhile', '%', results, 'busy', null, 'context'),
      metric('messages per token', '', results, 'messages', null, 'context'),
      metric('exact answers', '%', results, 'exact', { atLeast: 100 }, 'rule'),
    );
  }
  return lines;
}
