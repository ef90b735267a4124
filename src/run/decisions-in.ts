import type { ReadableLog } from '../log/run-log.js';
import type { ServerMessageOf } from '../protocol/server-messages.js';
import type { Decision } from './approvals.js';

/** The decisions in a log, by tool call. */
export async function decisionsIn(log: ReadableLog): Promise<ReadonlyMap<string, Decision>> {
  const decisions = new Map<string, Decision>();
  for await (const { toolCallId, decision } of resolutions(log, 0)) decisions.set(toolCallId, decision);
  return decisions;
}

/** The decision about a call in the published entries after a position, and the position after them. */
export async function resolvedIn(
  log: ReadableLog,
  after: number,
  toolCallId: string,
): Promise<{ readonly found?: Decision; readonly seq: number }> {
  const until = log.published;
  for await (const resolved of resolutions(log, after)) {
    if (resolved.toolCallId === toolCallId) return { found: resolved.decision, seq: until };
  }
  return { seq: until };
}

async function* resolutions(
  log: ReadableLog,
  from: number,
): AsyncGenerator<{ toolCallId: string; decision: Decision }> {
  for (let after = from; after < log.published;) {
    const entries = await log.read(after);
    for (const { type, encoded } of entries) {
      if (type !== 'approval_resolved') continue;
      const resolved = JSON.parse(encoded) as ServerMessageOf<'approval_resolved'>;
      const { tool_call_id: toolCallId, approved, by, reason } = resolved;
      yield { toolCallId, decision: { approved, by, reason } };
    }
    after = entries.at(-1)?.seq ?? log.published;
  }
}
