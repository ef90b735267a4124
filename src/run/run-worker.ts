import type { Principal } from '../connection/principal.js';
import type { AttachmentInfo } from '../store/conversation-store.js';
import type { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { CancelReason, Usage } from '../protocol/server-messages.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { ApprovalRecord } from './approvals.js';
import type { FinalState } from '../store/run-state.js';

/** What the worker of a run knows when the run ends. */
export interface RunOutcome {
  /** The usage of the run. */
  readonly usage?: Usage | undefined;
  /** The answer as far as it exists and is not in the log. */
  readonly content?: string | undefined;
}

/** Does the work of a run. */
export interface RunWorker {
  /**
   * Called once, right before the final message is written. Returns what the message includes, and writes what must be
   * committed together with the message. If `end` rejects, a run that would have finished fails with `internal_error`,
   * since its answer was not stored.
   * @param error - why the run failed or was interrupted, as its readers are told
   */
  end(state: FinalState, error: AgentSocketError | undefined): Awaitable<RunOutcome>;
  /** What is needed to continue after a restart; called before the run waits for a person. */
  checkpoint?: (() => string) | undefined;
}

/** The options of a run. */
export interface RunOptions {
  /** What happens if the last reader leaves. By default, it depends on whether that reader can come back. */
  readonly onDisconnect?: 'cancel' | 'continue' | undefined;
  /** Whether the client can approve tool calls. */
  readonly canApprove?: boolean;
  /** The question, for connections that watch the conversation. */
  readonly query?: string | undefined;
  /** The attachments of the question, without their bytes. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
  /** The message beside which the question begins a branch. */
  readonly replaceFrom?: string | undefined;
  /** Who asks, in a room. */
  readonly author?: RunAuthor | undefined;
}

/** The member of a room who asks a question. */
export interface RunAuthor {
  readonly memberId: string;
  readonly name: string;
}

/** A run that waits for a person, in the form that is stored for a restart. */
export interface RunCheckpoint {
  readonly options: RunOptions;
  /** The scopes of the owner, which the run keeps. */
  readonly scopes?: Principal['scopes'];
  /** The approvals of the run, for nodes that do not execute it. */
  readonly approvals?: readonly ApprovalRecord[] | undefined;
  /** The checkpoint of the worker. */
  readonly work: string;
}

/** What is needed to continue a run after a restart, as JSON; `undefined` if its worker cannot continue. */
export function checkpointOf(run: {
  readonly approvals: { readonly records: readonly ApprovalRecord[] };
  readonly options: RunOptions;
  readonly principal: Principal;
  readonly worker: RunWorker | undefined;
}): string | undefined {
  const work = run.worker?.checkpoint?.();
  if (work === undefined) return undefined;
  const { options, principal, approvals } = run;
  const checkpoint: RunCheckpoint = { options, scopes: principal.scopes, approvals: approvals.records, work };
  return JSON.stringify(checkpoint);
}

/** Why a run is stopped early. */
export type StopCause =
  | { readonly state: 'cancelled'; readonly reason: CancelReason }
  | { readonly state: 'interrupted' }
  | { readonly state: 'failed'; readonly error: AgentSocketError };
