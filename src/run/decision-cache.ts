import type { Decision } from './approvals.js';
import { BoundedMap } from '../runtime/bounded-map.js';
import { runKey } from '../store/run-key.js';
import type { StoredRun } from '../store/run-store.js';
import { decisionsIn } from './decisions-in.js';

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
      decisions = decisionsIn(log);
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
