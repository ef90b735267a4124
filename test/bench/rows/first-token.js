import { metric } from '../lib/bench.js';

/** Time from sending a query to the first piece of text, with an upstream that answers at once. */
export async function firstToken(bench) {
  const plan = { tokens: 3, intervalMs: 2, perPacket: 1 };
  const measure =
    (clients, repeat) =>
    async ({ port, sample }) => {
      const before = await sample();
      const result = await bench.load.call('firstToken', { port, clients, repeat, warmUp: 5, plan });
      const after = await sample();
      return { ...result, cpu: (after.cpu - before.cpu) / (clients * (repeat + 5)) };
    };
  const warmUp = ({ port }) => bench.load.call('firstToken', { port, clients: 50, repeat: 20, warmUp: 0, plan });
  const alone = await bench.rounds('first token alone', measure(1, bench.quick ? 100 : 200), { warmUp });
  const many = await bench.rounds('first token, 50 at once', measure(50, bench.quick ? 15 : 30), { warmUp });
  return [
    metric('first token alone, p50', 'ms', alone, 'p50', { ratioAtMost: 1.5 }),
    metric('first token alone, p99', 'ms', alone, 'p99'),
    metric('CPU per query of 3 tokens', 'µs', alone, 'cpu'),
    metric('wrong answers', '', alone, 'wrong', { atMost: 0 }),
    metric('first token of 50 at once, p50', 'ms', many, 'p50', { ratioAtMost: 1.2 }),
    metric('first token of 50 at once, p99', 'ms', many, 'p99'),
    metric('CPU per query of 3 tokens', 'µs', many, 'cpu'),
    metric('wrong answers', '', many, 'wrong', { atMost: 0 }),
  ];
}
