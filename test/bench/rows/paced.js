import { metric } from '../lib/bench.js';

const TOKENS = 50;
const INTERVAL_MS = 20;

const GOALS = {
  750: { firstP99: { atMost: 50 }, pingP99: { atMost: 50 }, exact: { atLeast: 100 } },
  1000: { firstP99: { atMost: 200 }, pingP99: { belowBare: true }, exact: { atLeast: 100 }, inTime: { atLeast: 95 } },
  1500: { exact: { atLeast: 100 } },
};

/** Many answers at a human pace at the same time, and what a ping takes meanwhile. */
export async function paced(bench) {
  const lines = [];
  for (const [count, goals] of Object.entries(GOALS)) {
    const results = await bench.rounds(
      `${count} paced streams`,
      async ({ port, sample }) => {
        await bench.pinger.call('pacerStart', { port, clients: 20, everyMs: 50 });
        const before = await sample();
        await bench.load.call('streamsStart', streams(port, Number(count), bench));
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
    const line = (label, unit, key) => lines.push(metric(`${count} streams: ${label}`, unit, results, key, goals[key]));
    line('first token p50', 'ms', 'firstP50');
    line('first token p99', 'ms', 'firstP99');
    line('ping p50', 'ms', 'pingP50');
    line('ping p99', 'ms', 'pingP99');
    line('greatest gap p99', 'ms', 'gapP99');
    line('answers in time', '%', 'inTime');
    line('answers complete and exact', '%', 'exact');
    line('messages per token', '', 'messages');
    line('server busy', '%', 'busy');
    line('whole round', 'ms', 'tookMs');
    line('clients late p99', 'ms', 'loadLate');
    line('upstream late p99', 'ms', 'upstreamLate');
    line('load core busy', '%', 'loadCoreBusy');
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
