import { sleep } from './clock.js';

const INTERVAL_MS = 20;
/** What is not measured at the beginning. */
const SETTLE_MS = 800;

/**
 * The measurement of what a token takes while streams run and none starts or ends: `clients` streams, each with a packet of
 * `perPacket` tokens every 20 ms.
 */
export function steady(bench, { clients, perPacket = 1, ownChunks = false, windowMs = bench.quick ? 1000 : 2000 }) {
  const packets = (ms) => Math.ceil(ms / INTERVAL_MS) * perPacket;
  const start = (port, tokens) =>
    bench.load.call('streamsStart', {
      port,
      clients,
      streams: 1,
      spreadMs: INTERVAL_MS,
      plan: { tokens, intervalMs: INTERVAL_MS, perPacket, ownChunks },
    });
  return {
    measure: async ({ port, sample, profile, profiled }) => {
      await start(port, packets(SETTLE_MS + 2 * windowMs + 400));
      await sleep(SETTLE_MS);
      const redis = (await bench.redis?.cpuMs()) ?? 0;
      const before = await sample();
      await sleep(windowMs);
      const after = await sample();
      const redisMs = ((await bench.redis?.cpuMs()) ?? 0) - redis;
      // In a window of its own, because the profiler of the collector costs CPU.
      await profile?.();
      await sleep(windowMs);
      const { allocated } = (await profiled?.()) ?? {};
      const result = await bench.load.call('streamsResult', { from: before.at, to: after.at });
      if (result.failure) throw new Error(`a stream failed: ${result.failure}`);
      return {
        cpu: (after.cpu - before.cpu) / result.windowTokens,
        busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
        redis: (redisMs * 1000) / result.windowTokens,
        perSecond: (result.windowTokens / (after.at - before.at)) * 1000,
        messages: result.chunksPerToken,
        exact: result.exact * 100,
        // The window has as many tokens as the first one: the pace is fixed.
        allocated: allocated / result.windowTokens,
      };
    },
    warmUp: async ({ port }) => {
      await start(port, packets(1000));
      await bench.load.call('streamsResult');
    },
  };
}

/** The measurement of `clients` streams at once whose upstream sends as fast as it can. */
export function flatOut(bench, { clients }) {
  const tokens = bench.quick ? 5_000 : 20_000;
  const measure = async ({ port, sample }, count = tokens) => {
    const before = await sample();
    const plan = { tokens: count, intervalMs: 0, perPacket: 1 };
    await bench.load.call('streamsStart', { port, clients, streams: 1, spreadMs: 0, plan });
    const result = await bench.load.call('streamsResult', {});
    const after = await sample();
    if (result.failure) throw new Error(`a stream failed: ${result.failure}`);
    return {
      cpu: (after.cpu - before.cpu) / (clients * count),
      perSecond: (clients * count * 1000) / result.tookMs,
      messages: result.chunksPerToken,
      exact: result.exact * 100,
    };
  };
  return { measure, warmUp: (server) => measure(server, 2_000) };
}
