import { metric } from '../lib/bench.js';

const TOKENS = 50;
const INTERVAL_MS = 20;

const AGAINST_BARE = {
  firstP99: { ratioAtMost: 1 },
  pingP99: { ratioAtMost: 1 },
  gapP99: { ratioAtMost: 1 },
  inTime: { ratioAtLeast: 1 },
  cpu: { ratioAtMost: 0.7 },
};

const GOALS = {
  400: {},
  750: { ...AGAINST_BARE, firstP99: { atMost: 50, ratioAtMost: 1 }, pingP99: { atMost: 50, ratioAtMost: 1 } },
  1000: { ...AGAINST_BARE, firstP99: { atMost: 200, ratioAtMost: 1 }, inTime: { atLeast: 95, ratioAtLeast: 1 } },
  1500: {},
};

/** Many answers at a human pace at the same time, and what a ping takes meanwhile. */
export async function paced(bench) {
  const lines = [];
  for (const [count, goals] of Object.entries(GOALS)) {
    const results = await bench.rounds(
      `${count} paced streams`,
      async ({ port, sample }) => {
        await bench.pinger.call('pacerStart', { port, clients: 20, everyMs: 50 });
        const asked = streams(port, Number(count), bench);
        await bench.load.call('streamsStart', asked);
        const before = await sample();
        const result = await bench.load.call('streamsResult', {});
        const after = await sample();
        const ping = await bench.pinger.call('pacerStop');
        if (result.failure) bench.progress(`a stream failed: ${result.failure}\n`);
        return {
          firstP50: result.firstP50,
          firstP99: result.firstP99,
          pingP50: ping.p50,
          pingP99: ping.p99,
          gapP99: result.gapP99,
          inTime: result.inTime * 100,
          exact: result.exact * 100,
          cpu: (after.cpu - before.cpu) / (asked.clients * asked.streams * TOKENS),
          messages: result.chunksPerToken,
          busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
          tookMs: result.tookMs,
        };
      },
      {
        warmUp: async ({ port }) => {
          await bench.load.call('streamsStart', { ...streams(port, 400, bench), streams: 2 });
          await bench.load.call('streamsResult', {});
        },
      },
    );
    const line = (label, unit, key, kind) =>
      lines.push(metric(`${count} streams: ${label}`, unit, results, key, goals[key], kind));
    line('first token p50', 'ms', 'firstP50');
    line('first token p99', 'ms', 'firstP99');
    line('ping p50', 'ms', 'pingP50');
    line('ping p99', 'ms', 'pingP99');
    line('greatest gap p99', 'ms', 'gapP99');
    line('answers in time', '%', 'inTime', 'gain');
    lines.push(metric(`${count} streams: complete and exact`, '%', results, 'exact', { atLeast: 100 }, 'rule'));
    // Microseconds per token are seconds per million tokens.
    line('CPU per million tokens', 's', 'cpu');
    line('messages per token', '', 'messages', 'context');
    line('server busy', '%', 'busy', 'context');
    line('whole round', 'ms', 'tookMs', 'context');
    line('clients late p99', 'ms', 'loadLate', 'context');
    line('upstream late p99', 'ms', 'upstreamLate', 'context');
    line('load core busy', '%', 'loadCoreBusy', 'context');
  }
  return lines;
}

function streams(port, clients, bench) {
  return {
    port,
    clients,
    streams: bench.quick ? 2 : 3,
    spreadMs: bench.starts === 'steady' ? TOKENS * INTERVAL_MS : INTERVAL_MS,
    plan: { tokens: TOKENS, intervalMs: INTERVAL_MS, perPacket: 1 },
  };
}
