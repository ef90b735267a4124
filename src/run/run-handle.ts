import type { RunState } from '../protocol/server-messages.js';
import type { Approvals, Decision } from './approvals.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { RunReaders } from '../log/run-readers.js';
import type { RunLog } from '../log/run-log.js';
import type { RunMeta } from '../store/run-store.js';
import type { RunOptions, StopCause } from './run-worker.js';

/** A run as it is read and commanded: in progress, or over and kept for reading again. */
export interface RunHandle {
  readonly id: string;
  readonly meta: RunMeta;
  readonly state: RunState;
  readonly log: RunLog;
  readonly options: RunOptions;
  /** The newest `seq`, published or not. */
  readonly head: number;
  /** Whether nothing more is written. */
  readonly isOver: boolean;
  /** Resolves when the terminal message is in the log. */
  readonly ended: Promise<void>;
  /** The connections that read it; absent if nothing is written any more. */
  readonly readers?: RunReaders | undefined;
  /** The questions to a person nobody has answered yet. */
  readonly approvals: Pick<Approvals, 'open'>;
  /** Decides about a tool call, unless that has happened. Gives the decision that counts; `undefined` if no approval was asked for. */
  decide(toolCallId: string, decision: Decision): Awaitable<Decision | undefined>;
  /** Ends the run early. Does nothing if it is over. */
  stop(cause: StopCause): void;
}
