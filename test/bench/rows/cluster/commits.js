import { randomUUID } from 'node:crypto';
import { LOAD_CORE, metric, SERVER_CORE } from '../../lib/bench.js';
import { Child } from '../../lib/child.js';
import { withRedis } from '../../lib/nodes.js';

const INTERVAL_MS = 40;

/** The store without servers: so many logs with 25 entries a second, written by one process and read by another. */
export const commits = (bench) =>
  withRedis(bench, async (redis) => {
    const measured = bench.quick ? 75 : 125;
    const start = async () => {
      const args = [redis.url, randomUUID()];
      const writer = new Child('store.js', { core: SERVER_CORE, args });
      const reader = new Child('store.js', { core: LOAD_CORE, args });
      await Promise.all([writer.ready, reader.ready]);
      return {
        writer,
        reader,
        sample: () => writer.call('sample'),
        stop: () => Promise.all([writer.stop(), reader.stop()]),
      };
    };
    const lines = [];
    for (const streams of [50, 200, 1_000]) {
      const write = async ({ writer, reader }, entries) => {
        const ids = Array.from({ length: streams }, () => randomUUID());
        await writer.call('create', { ids });
        await reader.call('follow', { ids, entries });
        const before = await redis.cpuMs();
        const { tookMs } = await writer.call('write', { entries, intervalMs: INTERVAL_MS });
        const redisMs = (await redis.cpuMs()) - before;
        const [written, read] = await Promise.all([writer.call('result'), reader.call('result')]);
        const count = streams * entries;
        return {
          ...{ p50: written.p50, p99: written.p99, readP50: read.p50, readP99: read.p99 },
          ...{ cpu: written.cpu / count, readCpu: read.cpu / count, redis: (redisMs * 1000) / count },
          perSecond: (count * 1000) / tookMs,
        };
      };
      const results = await bench.rounds(`commits, ${streams} streams`, (server) => write(server, measured), {
        sides: ['ours'],
        start,
        warmUp: (server) => write(server, 55),
      });
      lines.push(
        metric(`${streams} streams: commit p50`, 'ms', results, 'p50', { atMost: 1 }),
        metric(`${streams} streams: commit p99`, 'ms', results, 'p99', { atMost: 25 }),
        metric(`${streams} streams: in another process p50`, 'ms', results, 'readP50'),
        metric(`${streams} streams: in another process p99`, 'ms', results, 'readP99'),
        metric(`${streams} streams: CPU per million entries, writer`, 's', results, 'cpu'),
        metric(`${streams} streams: CPU per million entries, reader`, 's', results, 'readCpu'),
        metric(`${streams} streams: CPU per million entries, Redis`, 's', results, 'redis'),
        metric('entries per second', '', results, 'perSecond', null, 'context'),
      );
    }
    return lines;
  });
commits.columns = ['', 'Redis'];
