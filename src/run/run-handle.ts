import type { RunState } from '../protocol/server-messages.js';
import type { Approvals, Decision } from './approvals.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { Readers } from '../log/readers.js';
import type { RunLog } from '../log/run-log.js';
import type { RunMeta } from '../store/run-store.js';
import type { RunOptions, StopCause } from './run-worker.js';

/** A run as those see it who read and command it: in progress, or over and kept for reading again. */
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
  /** Who reads it; absent where nobody writes any more. */
  readonly readers?: Readers | undefined;
  /** The questions to a person nobody has answered yet. */
  readonly approvals: Pick<Approvals, 'open'>;
  /** Decides about a tool call, unless that has happened. Gives the decision that stands; `undefined` where nobody asked. */
  decide(toolCallId: string, decision: Decision): Awaitable<Decision | undefined>;
  /** Ends the run early. Does nothing where it is over. */
  stop(cause: StopCause): void;
}
