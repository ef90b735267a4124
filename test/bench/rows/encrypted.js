import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';

const INTERVAL_MS = 20;

/**
 * What encrypted messages cost. Both columns are agent-ws and its own client library: plain on the left, encrypted on
 * the right.
 */
export async function encrypted(bench) {
  const windowMs = bench.quick ? 1000 : 2000;
  const settleMs = 800;
  const [alone, tokens] = [[], []];
  for (const isEncrypted of [false, true]) {
    const name = isEncrypted ? 'encrypted' : 'plain';
    const options = { sides: ['ours'] };
    const once = { stream: 0, tokens: 3, intervalMs: 0, perPacket: 1 };
    const ask = async ({ port }) =>
      bench.load.call('libraryAsks', { port, encrypted: isEncrypted, repeat: bench.quick ? 100 : 200, plan: once });
    alone.push(await bench.rounds(`${name}, first token alone`, ask, { ...options, warmUp: ask }));
    const stream = async ({ port, sample }) => {
      const count = Math.ceil((settleMs + windowMs + 400) / INTERVAL_MS);
      const plan = { stream: 0, tokens: count, intervalMs: INTERVAL_MS, perPacket: 1 };
      await bench.load.call('libraryStart', { port, encrypted: isEncrypted, clients: 50, spreadMs: INTERVAL_MS, plan });
      await sleep(settleMs);
      const before = await sample();
      await sleep(windowMs);
      const after = await sample();
      const { wrong } = await bench.load.call('libraryResult');
      return { cpu: (after.cpu - before.cpu) / ((50 * (after.at - before.at)) / INTERVAL_MS), wrong };
    };
    tokens.push(await bench.rounds(`${name}, tokens`, stream, { ...options, warmUp: stream }));
  }
  const [first, streamed] = [alone, tokens].map(([plain, secret]) => ({
    bare: plain.ours,
    ours: secret.ours,
    disturbed: plain.disturbed.map((disturbed, round) => disturbed || secret.disturbed[round]),
  }));
  return [
    metric('first token alone, p50', 'ms', first, 'p50'),
    metric('first token alone, p99', 'ms', first, 'p99'),
    metric('wrong answers', '', first, 'wrong', { atMost: 0 }, 'rule'),
    metric('CPU per million tokens', 's', streamed, 'cpu', { ratioAtMost: 1.5 }),
    metric('wrong answers', '', streamed, 'wrong', { atMost: 0 }, 'rule'),
  ];
}
encrypted.columns = ['plain', 'encrypted'];
