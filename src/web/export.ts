import { el } from './dom.js';
import { parseMessage } from './frames.js';
import type { Session } from './session.js';

/** Everything the page knows about this session, as plain data. */
export function sessionData(session: Session): object {
  const { connection, frames, runs, latency, counters, hello } = session;
  const { state } = connection;
  return {
    exported_at: new Date().toISOString(),
    page: location.href,
    user_agent: navigator.userAgent,
    connection: { state: state.name, subprotocol: state.name === 'open' ? state.subprotocol : undefined, hello },
    counters: { ...counters, dropped_from_log: frames.droppedCount },
    latency_ms: { samples: latency.samples, p50: latency.percentile(0.5), p95: latency.percentile(0.95) },
    answers: runs.all.map((answer) => ({
      kind: answer.kind,
      request: answer.request,
      run_id: answer.runId,
      conversation_id: answer.conversationId,
      origin: answer.origin,
      resumed: answer.resumed,
      asked_at: new Date(answer.time).toISOString(),
      state: answer.state,
      vendor: answer.vendor,
      model: answer.model,
      first_token_ms: answer.firstMs,
      elapsed_ms: answer.elapsedMs,
      chunks: answer.chunks,
      chunks_per_second: answer.chunksPerSecond,
      usage: answer.usage,
      finish_reason: answer.finishReason,
      error: answer.failure,
      pieces: answer.pieces,
    })),
    messages: frames.all.map((frame) => ({
      direction: frame.direction,
      at: new Date(frame.time).toISOString(),
      offset_ms: Math.round((frame.at - frames.begin) * 10) / 10,
      bytes: frame.bytes,
      probe: frame.probe || undefined,
      message: parseMessage(frame.text) ?? frame.text,
    })),
  };
}

/** Offers the session as a file. */
export function downloadSession(session: Session): void {
  const blob = new Blob([JSON.stringify(sessionData(session), null, 2)], { type: 'application/json' });
  const url = URL.createObjectURL(blob);
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const link = el('a', { href: url, download: `agent-ws-session-${stamp}.json` });
  link.click();
  // The browser has taken the blob over by then; the address is only needed for the click.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
