/** Offers what the page recorded as a JSON file: the connection, the counts, the runs, and every frame it kept. */
import type { AgentClient } from '../../client/index.js';
import { parseMessage } from './frames.js';
import { recording } from './recording.js';

export function downloadSession({ state }: AgentClient): void {
  const { frames, runs, latency } = recording;
  const { all, counts, bytes, droppedCount } = frames;
  const greeting = all.findLast(({ source, type }) => source === 'client' && type === 'connected');
  const session = {
    exported_at: new Date().toISOString(),
    page: location.href,
    user_agent: navigator.userAgent,
    connection: { state, hello: greeting && parseMessage(greeting.text) },
    counters: { messages: counts, bytes, dropped_from_log: droppedCount },
    latency_ms: { samples: latency.samples, p50: latency.percentile(0.5), p95: latency.percentile(0.95) },
    runs: runs.all.map(({ arrivals, ...run }) => ({
      ...run,
      first_token_ms: arrivals[0] && arrivals[0].at - run.startedAt,
      elapsed_ms: run.endedAt && run.endedAt - run.startedAt,
    })),
    messages: all.map(({ direction, source, time, at, bytes, isProbe, text }) => ({
      direction,
      connection: source,
      at: new Date(time).toISOString(),
      offset_ms: Math.round(at * 10) / 10,
      bytes,
      probe: isProbe || undefined,
      message: parseMessage(text) ?? text,
    })),
  };
  const url = URL.createObjectURL(new Blob([JSON.stringify(session, null, 2)], { type: 'application/json' }));
  const stamp = session.exported_at.slice(0, 19).replaceAll(':', '-');
  Object.assign(document.createElement('a'), { href: url, download: `agent-ws-session-${stamp}.json` }).click();
  // The browser has taken the file over by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
