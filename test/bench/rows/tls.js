import { metric } from '../lib/bench.js';
import { atOnce, SHORT, warmUp } from '../lib/short-answers.js';

/** The queries over https to the upstream: what they cost, and how many connections a burst of them opens. */
export async function tls(bench) {
  const options = { secure: true, warmUp: warmUp(bench) };
  const one = atOnce(bench, { clients: 1, repeat: bench.quick ? 100 : 200 });
  const fifty = atOnce(bench, { clients: 50, repeat: bench.quick ? 15 : 30, pauseMs: 50 });
  const alone = await bench.rounds('https, first token alone', one, options);
  const many = await bench.rounds('https, 50 at once', fifty, options);
  const cold = await bench.rounds(
    'https, first bursts',
    async ({ port }) => {
      const ask = async (clients) => {
        await bench.upstream.call('secured');
        const { p50, wrong } = await bench.load.call('askAtOnce', { clients, repeat: 1, plan: SHORT });
        return { p50, wrong, ...(await bench.upstream.call('secured')) };
      };
      await bench.load.call('asksOpen', { port, clients: 50 });
      const first = await ask(50);
      const next = await ask(50);
      await bench.upstream.call('endSecure');
      const again = await ask(50);
      await bench.upstream.call('endSecure');
      await ask(1);
      const led = await ask(50);
      await bench.load.call('asksClose');
      return {
        firstP50: first.p50,
        first: first.connections,
        next: next.connections,
        againP50: again.p50,
        again: again.connections,
        againResumed: again.resumed,
        ledP50: led.p50,
        led: led.connections,
        ledResumed: led.resumed,
        wrong: first.wrong + next.wrong + again.wrong + led.wrong,
      };
    },
    { secure: true, fresh: true },
  );
  return [
    metric('first token alone, p50', 'ms', alone, 'p50'),
    metric('first token alone, p99', 'ms', alone, 'p99'),
    metric('wrong answers', '', alone, 'wrong', { atMost: 0 }, 'rule'),
    metric('CPU per query, 50 at once', 'µs', many, 'cpu'),
    metric('wrong answers', '', many, 'wrong', { atMost: 0 }, 'rule'),
    metric('first 50: first token p50', 'ms', cold, 'firstP50'),
    metric('first 50: connections opened', '', cold, 'first'),
    metric('next 50: connections opened', '', cold, 'next'),
    metric('50 after all connections ended: first token p50', 'ms', cold, 'againP50'),
    metric('50 after all connections ended: opened', '', cold, 'again'),
    metric('50 after all connections ended: sessions resumed', '', cold, 'againResumed', null, 'gain'),
    metric('50 after one more query: first token p50', 'ms', cold, 'ledP50'),
    metric('50 after one more query: opened', '', cold, 'led'),
    metric('50 after one more query: sessions resumed', '', cold, 'ledResumed', null, 'gain'),
    metric('wrong answers', '', cold, 'wrong', { atMost: 0 }, 'rule'),
  ];
}
