import type { Asker } from '../tool/asker.js';
import type { RunRequest } from '../protocol/client-messages.js';
import type { RunMessage } from '../log/run-message.js';
import type { Run } from './run.js';

/** Executes runs. */
export interface RunExecutor {
  /** Refuses a request before a run is created, by throwing an `AgentSocketError`. */
  check(request: RunRequest, asker: Asker): void;
  /** Executes the run and resolves to its final message; a rejection ends the run with an error. */
  execute(run: Run, request: RunRequest): Promise<RunMessage>;
  /**
   * Continues a run that waited for a person before a restart, from the checkpoint of its worker. Without this method,
   * such a run is interrupted like any other.
   */
  restore?(run: Run, checkpoint: string): Promise<RunMessage>;
  /** Records what an interrupted run of an earlier process left. Called before the run ends. */
  recover?(run: Run, draft: string): Promise<void>;
}
