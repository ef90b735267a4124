import type { RunState } from '../protocol/server-messages.js';
import type { Approvals, Decision } from './approvals.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { RunReaders } from '../log/run-readers.js';
import type { RunLog } from '../log/run-log.js';
import type { RunMeta } from '../store/run-store.js';
import type { RunOptions, StopCause } from './run-worker.js';

/** A run that can be read and controlled: in progress, or ended and stored. */
export interface RunHandle {
  readonly id: string;
  readonly meta: RunMeta;
  readonly state: RunState;
  readonly log: RunLog;
  readonly options: RunOptions;
  /** The newest `seq`, published or not. */
  readonly head: number;
  /** Whether the run is over: no more messages follow. */
  readonly isOver: boolean;
  /** Resolves when the final message is in the log. */
  readonly ended: Promise<void>;
  /** The connections that read the run; absent if the run is over. */
  readonly readers?: RunReaders | undefined;
  /** The approval requests without a decision. */
  readonly approvals: Pick<Approvals, 'open'>;
  /**
   * Decides about a tool call unless there is a decision. Returns the decision that counts; `undefined` if no approval
   * was asked for.
   */
  decide(toolCallId: string, decision: Decision): Awaitable<Decision | undefined>;
  /** Ends the run early. Does nothing if the run is over. A promise if another node has to be told. */
  stop(cause: StopCause): Awaitable<void>;
}
