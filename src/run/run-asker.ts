import type { Principal } from '../connection/principal.js';

/** The client that asks for a run. The application itself can ask, too: then only the principal is known. */
export interface RunAsker {
  /** The owner of the run. */
  readonly principal: Principal;
  /** What the embedder keeps with the connection. */
  readonly metadata?: unknown;
  /** The connection that asks. */
  readonly connectionId?: string | undefined;
  /**
   * Whether the client can answer approval requests.
   * @default false
   */
  readonly canApprove?: boolean | undefined;
}
