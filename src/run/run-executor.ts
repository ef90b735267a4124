import type { Asker } from '../tool/asker.js';
import type { RunRequest } from '../protocol/client-messages.js';
import type { RunMessage } from '../log/run-message.js';
import type { Run } from './run.js';

/** Does the work of runs. */
export interface RunExecutor {
  /** Refuses a request before it becomes a run, by throwing an `AgentSocketError`. */
  check(request: RunRequest, asker: Asker): void;
  /** Writes to the run and resolves to its terminal message; a rejection ends the run with an error. */
  execute(run: Run, request: RunRequest): Promise<RunMessage>;
  /**
   * Goes on after a restart with a run that waited for a person, from the checkpoint its worker gave. Without it such a
   * run is interrupted like any other.
   */
  restore?(run: Run, checkpoint: string): Promise<RunMessage>;
  /** Says what an interrupted run of an earlier process left, and records what belongs to it. Called before its end. */
  recover?(run: Run, draft: string): Promise<void>;
}
