import type { ServerMessageOf } from '../protocol/server-messages.js';
import type { Decision } from './approvals.js';
import type { RunLog } from '../log/run-log.js';
import { BoundedMap } from '../runtime/bounded-map.js';
import { runKey } from '../store/run-key.js';
import type { StoredRun } from '../store/run-store.js';

/** The decisions of one run, by tool call. */
type Decisions = ReadonlyMap<string, Decision>;

/** Maximum number of runs in the cache: each saves reading a whole log. */
const MAX_RUNS = 100;

/** Caches the decisions about tool calls of ended runs: their logs do not change, so each is read once. */
export class DecisionCache {
  readonly #byRun = new BoundedMap<string, Promise<Decisions>>(MAX_RUNS);

  /** The decision about a call; `undefined` if no approval was asked for. */
  async find({ meta: { owner, id }, log }: StoredRun, toolCallId: string): Promise<Decision | undefined> {
    const key = runKey(owner, id);
    let decisions = this.#byRun.get(key);
    if (decisions === undefined) {
      decisions = readDecisions(log);
      this.#byRun.set(key, decisions);
    }
    try {
      return (await decisions).get(toolCallId);
    } catch (error) {
      this.#byRun.delete(key);
      throw error;
    }
  }
}

async function readDecisions(log: RunLog): Promise<Decisions> {
  const decisions = new Map<string, Decision>();
  for (let after = 0; after < log.published;) {
    const entries = await log.read(after);
    for (const { type, encoded } of entries) {
      if (type !== 'approval_resolved') continue;
      const resolved = JSON.parse(encoded) as ServerMessageOf<'approval_resolved'>;
      const { tool_call_id: toolCallId, approved, by, reason } = resolved;
      decisions.set(toolCallId, { approved, by, reason });
    }
    after = entries.at(-1)?.seq ?? log.published;
  }
  return decisions;
}
