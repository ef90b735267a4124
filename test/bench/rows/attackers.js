import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

const MB = 1_000_000;
const ATTACKERS = 40;
const KINDS = ['pings', 'control frames', 'characters', 'fragments', 'list_runs', 'queries', 'connections', 'unread'];

/** What an honest client notices of 40 attackers from another address, and what the server keeps of them. */
export async function attackers(bench) {
  const windowMs = bench.quick ? 2_000 : 5_000;
  const lines = [];
  for (const kind of KINDS) {
    const results = await bench.rounds(
      `attackers, ${kind}`,
      async ({ port, sample, collect }) => {
        const pings = async () => {
          await bench.pinger.call('pacerReset');
          await sleep(windowMs);
          return bench.pinger.call('pacerSeen');
        };
        await bench.pinger.call('pacerStart', { port, clients: 4, everyMs: 10 });
        // The first attack pays for compiled code.
        await bench.attackers.call('start', { port, kind, count: ATTACKERS });
        await sleep(1_000);
        await bench.attackers.call('stop');
        await sleep(500);
        const before = await collect();
        const calm = await pings();
        await bench.attackers.call('start', { port, kind, count: ATTACKERS });
        const attacked = await pings();
        const { rss } = await sample();
        const after = await collect();
        const { connected } = await bench.attackers.call('stop');
        await bench.pinger.call('pacerStop');
        return {
          calm: calm.p99,
          attacked: attacked.p99,
          more: attacked.p99 - calm.p99,
          kept: (after.heap + after.external - before.heap - before.external) / MB,
          rss: (rss - before.rss) / MB,
          connected,
        };
      },
      { sides: bench.builds, fresh: true, start: (side) => bench.build(side, { limits: 'default' }) },
    );
    lines.push(
      metric(`${kind}: ping p99 of others without them`, 'ms', results, 'calm', null, 'context'),
      metric(`${kind}: ping p99 of others with them`, 'ms', results, 'attacked'),
      metric(`${kind}: difference`, 'ms', results, 'more', { atMost: 20 }),
      metric(`${kind}: heap and buffers kept`, 'MB', results, 'kept', { atMost: 10 }),
      metric(`${kind}: RSS, more`, 'MB', results, 'rss', null, 'context'),
      metric(`${kind}: connections of the attackers`, '', results, 'connected', null, 'context'),
    );
  }
  return lines;
}
