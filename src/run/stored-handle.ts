import type { RunState } from '../protocol/server-messages.js';
import type { Decision } from './approvals.js';
import type { RunHandle } from './run-handle.js';
import type { RunLog } from '../log/run-log.js';
import { isFinal } from '../store/run-state.js';
import type { RunMeta, StoredRun } from '../store/run-store.js';
import type { DecisionCache } from './decision-cache.js';

const NOTHING_OPEN = { open: [] };
const ENDED = Promise.resolve();

/** A stored run that is not in progress: it can be read, and has the decisions of its tool calls. */
export class StoredHandle implements RunHandle {
  readonly id: string;
  readonly meta: RunMeta;
  readonly state: RunState;
  readonly log: RunLog;
  readonly options = {};
  readonly head: number;
  readonly isOver: boolean;
  readonly ended = ENDED;
  readonly approvals = NOTHING_OPEN;
  readonly #stored: StoredRun;
  readonly #decisions: DecisionCache;

  constructor(stored: StoredRun, decisions: DecisionCache) {
    const { meta, state, log } = stored;
    this.id = meta.id;
    this.meta = meta;
    this.state = state;
    this.log = log;
    this.head = log.head;
    this.isOver = isFinal(state);
    this.#stored = stored;
    this.#decisions = decisions;
  }

  decide(toolCallId: string): Promise<Decision | undefined> {
    return this.#decisions.find(this.#stored, toolCallId);
  }

  /** Does nothing: the run is not in progress. */
  stop(): void {}
}
