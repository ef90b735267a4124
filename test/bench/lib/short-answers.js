import { sleep } from './clock.js';

/** An answer that is over at once: what it costs is the query, not the tokens. */
export const SHORT = { tokens: 3, intervalMs: 2, perPacket: 1 };

/** Queries on 50 connections, with tokens if there are any, until the code of a server is compiled. */
export const warmUp =
  (bench, tokens) =>
  async ({ port }) => {
    await bench.load.call('asksOpen', { port, clients: 50, tokens });
    await bench.load.call('askAtOnce', { repeat: 20, plan: SHORT });
    await bench.load.call('asksClose');
  };

/**
 * One measurement: `repeat` times one query on each of `clients` connections at the same moment, the next `pauseMs`
 * after all are answered. `tokens`: what the clients show, one each.
 */
export const atOnce =
  (bench, { clients, repeat, pauseMs = 0, plan = {}, tokens }) =>
  async ({ port, sample }) => {
    const asks = { pauseMs, plan: { ...SHORT, ...plan } };
    await bench.load.call('asksOpen', { port, clients, tokens });
    await bench.load.call('askAtOnce', { ...asks, repeat: 5 });
    const before = await sample();
    const result = await bench.load.call('askAtOnce', { ...asks, repeat });
    const after = await sample();
    await bench.load.call('asksClose');
    return {
      ...result,
      cpu: (after.cpu - before.cpu) / (clients * repeat),
      busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
    };
  };

/**
 * One measurement: each of `clients` connections asks again as soon as it is answered. Memory is measured in a second
 * window, because the profiler of the collector costs CPU.
 */
export const withoutPause =
  (bench, { clients, windowMs, tokens }) =>
  async ({ port, sample, profile, profiled }) => {
    const seen = () => Promise.all([sample(), bench.load.call('asksCount')]);
    await bench.load.call('asksOpen', { port, clients, tokens });
    await bench.load.call('asksStart', { plan: SHORT });
    await sleep(500);
    const [before, first] = await seen();
    await sleep(windowMs);
    const [after, last] = await seen();
    await profile();
    const [, profiledFrom] = await seen();
    await sleep(windowMs);
    const [, profiledTo] = await seen();
    const { allocated, collectingMs, cpuMs } = await profiled();
    const { wrong } = await bench.load.call('asksStop');
    await bench.load.call('asksClose');
    const answered = last.answered - first.answered;
    return {
      cpu: (after.cpu - before.cpu) / answered,
      rate: (answered / (last.at - first.at)) * 1000,
      busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
      allocated: allocated / (profiledTo.answered - profiledFrom.answered),
      collecting: (collectingMs / cpuMs) * 100,
      wrong,
    };
  };
