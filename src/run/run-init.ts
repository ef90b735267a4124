import type { Principal } from '../connection/principal.js';
import type { RunLog } from '../log/run-log.js';
import type { RunMessage } from '../log/run-message.js';
import type { RunMeta } from '../store/run-store.js';
import type { RunListener } from './run-listener.js';
import type { RunOptions } from './run-worker.js';

/** What the constructor of a `Run` takes. */
export interface RunInit<Run> {
  readonly meta: RunMeta;
  readonly principal: Principal;
  /** A run of an earlier process may have messages in it. */
  readonly log: RunLog;
  readonly listener: RunListener<Run>;
  /**
   * Does the work: writes to the run and resolves to the terminal message. Called once, by `start`. The run ends without
   * it if the run is stopped and the work does not listen to the `signal` of the run.
   */
  readonly work: (run: Run) => Promise<RunMessage>;
  readonly options?: RunOptions | undefined;
  /** The connection that asked; `undefined` after a restart. */
  readonly connectionId?: string | undefined;
  /** What the embedder keeps with the connection that asked; `undefined` after a restart. */
  readonly metadata?: unknown;
  /** Bytes of what was asked. */
  readonly requestBytes?: number | undefined;
  /**
   * `waiting_approval` for a run that goes on after a restart.
   * @default 'accepted'
   */
  readonly state?: 'accepted' | 'waiting_approval' | undefined;
}
