import type { Principal } from '../connection/principal.js';
import type { RunAuthor } from './run-worker.js';
import type { TraceContext } from '../runtime/trace.js';

/** Who asks for a run. If the application itself asks, only the principal is known. */
export interface RunAsker {
  /** Who asks: what tools and hooks see. */
  readonly principal: Principal;
  /**
   * The owner of the run and its conversation, if it is not the principal: a room.
   * @default principal.id
   */
  readonly owner?: string | undefined;
  /** The member of the room who asks. */
  readonly author?: RunAuthor | undefined;
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

/** The owner of what is asked for. */
export function ownerOf({ owner, principal }: RunAsker): string {
  return owner ?? principal.id;
}
