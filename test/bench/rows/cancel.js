import { metric } from '../lib/bench.js';
import { sleep } from '../lib/clock.js';
import { median, percentile } from '../lib/numbers.js';

/** From sending `cancel` to the upstream seeing its connection go. */
export async function cancel(bench) {
  const results = await bench.rounds(
    'cancel',
    async ({ port }) => {
      await bench.upstream.call('aborts');
      const cancels = await bench.load.call('cancel', {
        port,
        lanes: 10,
        repeat: bench.quick ? 10 : 20,
        plan: { tokens: 1000, intervalMs: 5, perPacket: 1 },
        afterChunks: 5,
        watchMs: 30,
      });
      await sleep(100);
      const abortedAt = new Map((await bench.upstream.call('aborts')).map(({ stream, at }) => [stream, at]));
      const took = cancels.map(({ stream, sentAt }) => (abortedAt.get(stream) ?? Infinity) - sentAt);
      return {
        abortP50: median(took),
        abortP99: percentile(took, 99),
        answerP50: median(cancels.map(({ answeredMs }) => answeredMs ?? Infinity)),
        after: cancels.reduce((sum, { after }) => sum + after, 0),
        replies: cancels.reduce((sum, { replies }) => sum + replies, 0) / cancels.length,
      };
    },
    {
      warmUp: ({ port }) =>
        bench.load.call('cancel', {
          port,
          lanes: 10,
          repeat: 5,
          plan: { tokens: 1000, intervalMs: 5, perPacket: 1 },
          afterChunks: 5,
          watchMs: 10,
        }),
    },
  );
  return [
    metric('cancel to upstream abort, median', 'ms', results, 'abortP50', { atMost: 5, ratioAtMost: 1.2 }),
    metric('cancel to upstream abort, p99', 'ms', results, 'abortP99'),
    metric('cancel to cancelled, median', 'ms', results, 'answerP50'),
    metric('messages after cancelled', '', results, 'after', { atMost: 0 }, 'rule'),
    metric('cancelled per cancel', '', results, 'replies', { atLeast: 1, atMost: 1 }, 'rule'),
  ];
}
