import { sleep } from './clock.js';

/** The measurement of 64 connections that send the same again as soon as they are answered. */
export const echoes =
  (bench, talk) =>
  async ({ port, sample }) => {
    await bench.load.call('echoStart', { port, clients: 64, ...talk });
    await sleep(500);
    const [before, first] = await Promise.all([sample(), bench.load.call('echoCount')]);
    await sleep(bench.quick ? 1000 : 1500);
    const [after, last] = await Promise.all([sample(), bench.load.call('echoCount')]);
    await bench.load.call('echoStop');
    const answers = last.answers - first.answers;
    return {
      cpu: (after.cpu - before.cpu) / answers,
      rate: (answers / (last.at - first.at)) * 1000,
      busy: ((after.cpu - before.cpu) / 1000 / (after.at - before.at)) * 100,
    };
  };
