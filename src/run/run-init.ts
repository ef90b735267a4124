import type { Principal } from '../connection/principal.js';
import type { RunLog } from '../log/run-log.js';
import type { RunMessage } from '../log/run-message.js';
import type { RunMeta } from '../store/run-store.js';
import type { TraceContext } from '../runtime/trace.js';
import type { RunListener } from './run-listener.js';
import type { RunOptions } from './run-worker.js';

/** What the constructor of a `Run` takes. */
export interface RunInit<Run> {
  readonly meta: RunMeta;
  readonly principal: Principal;
  /** The log. The log of a run of an earlier process may have messages. */
  readonly log: RunLog;
  readonly listener: RunListener<Run>;
  /**
   * Does the work: writes to the run and resolves to the final message. Called once, by `start`. If the run is stopped
   * and the work ignores the `signal`, the run ends without it.
   */
  readonly work: (run: Run) => Promise<RunMessage>;
  readonly options?: RunOptions | undefined;
  /** The connection that asked; `undefined` after a restart. */
  readonly connectionId?: string | undefined;
  /** The embedder's metadata of the connection that asked; `undefined` after a restart. */
  readonly metadata?: unknown;
  /** The trace to which the run belongs. */
  readonly trace?: TraceContext | undefined;
  /** Size of the request, in bytes. */
  readonly requestBytes?: number | undefined;
  /**
   * `waiting_approval` for a run that continues after a restart.
   * @default 'accepted'
   */
  readonly state?: 'accepted' | 'waiting_approval' | undefined;
}
