import type { Principal } from '../connection/principal.js';
import type { TraceContext } from '../runtime/trace.js';

/** Who asks for a run. If the application itself asks, only the principal is known. */
export interface RunAsker {
  /** The owner of the run. */
  readonly principal: Principal;
  /** The embedder's metadata of the connection. */
  readonly metadata?: unknown;
  /** The address of the client: its runs in progress count together with those of other clients there. */
  readonly remoteAddress?: string | undefined;
  /** The trace to which the request belongs. */
  readonly trace?: TraceContext | undefined;
  /** The connection that asks. */
  readonly connectionId?: string | undefined;
  /**
   * Whether the client can answer approval requests.
   * @default false
   */
  readonly canApprove?: boolean | undefined;
}
