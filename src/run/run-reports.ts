import type { KnownPrincipal, Principal } from '../connection/principal.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import type { Decision } from './approvals.js';
import type { RunHandle } from './run-handle.js';

/** One call of a model: a run makes one for each step, and one more if the server wants the chat in another form. */
export interface ModelReport {
  /** Name of the model, if it is known. */
  readonly model: string | undefined;
  /** `cancelled` if the run was stopped first. */
  readonly outcome: 'ok' | 'cancelled' | ErrorCode;
  /** From the call to its end, in milliseconds. */
  readonly ms: number;
}

/** The first decision of a person about a tool call. */
export interface ApprovalReport<P extends Principal = Principal> extends Pick<Decision, 'approved'> {
  readonly run: RunHandle;
  readonly toolCallId: string;
  readonly toolName: string;
  /** Who decided. */
  readonly principal: KnownPrincipal<P>;
}
