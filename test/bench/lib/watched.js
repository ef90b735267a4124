const INTERVAL_MS = 40;

/**
 * How late text reaches those who asked at `askAt`, and readers at `readAt`: `runs` runs with one token every 40 ms, read by
 * `each` connections at each of these ports. Times are p50 and p99 in milliseconds from the packet of the model; `tokens` is
 * how many there were.
 */
export async function watched(bench, { runs, seconds, each = 1, intervalMs = INTERVAL_MS, askAt, readAt = [] }) {
  const plan = { tokens: Math.ceil((seconds * 1000) / intervalMs), intervalMs, perPacket: 1 };
  await bench.upstream.call('recordSends');
  await bench.viewers.call('start', { askAt, runs, readAt, each, plan });
  await bench.viewers.call('ended');
  const sends = await bench.upstream.call('sends');
  const result = await bench.viewers.call('result', { sends });
  return { ...result, tokens: runs * plan.tokens };
}
