import type { Principal } from '../connection/principal.js';
import type { TraceContext } from '../runtime/trace.js';

/** Who asks, for providers and for options that are functions of the asker. */
export interface Asker<P extends Principal = Principal, Metadata = unknown> {
  /** Owner of the run. After a restart only its `id` and `scopes` are known. */
  readonly principal: P;
  /** Id of the run. */
  readonly runId: string;
  /** Id of the conversation of the run, if the run belongs to one. */
  readonly conversationId?: string | undefined;
  /** The result of the `metadata` hook for the connection that asked; `undefined` after a restart. */
  readonly metadata?: Metadata | undefined;
  /** The trace of the call, for the headers of the requests that it makes (W3C Trace Context). */
  readonly trace?: TraceContext | undefined;
}
