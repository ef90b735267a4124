import type { AttachmentInfo } from '../store/conversation-store.js';
import type { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { CancelReason, Usage } from '../protocol/server-messages.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { FinalState } from '../store/run-state.js';

/** What whoever does the work of a run knows of it when it ends early. */
export interface RunOutcome {
  /** What it cost. */
  readonly usage?: Usage | undefined;
  /** What there is of an answer that its log does not hold. */
  readonly content?: string | undefined;
}

/** Whoever does the work of a run. */
export interface RunWorker {
  /**
   * Called once, right before the last message is written: what it says of the run, and the place to write what
   * must be committed together with it. Where it rejects, a run that would have finished fails with `internal_error`:
   * an answer that cannot be kept is not complete.
   * @param error - why it failed or was interrupted, as its readers are told
   */
  end(state: FinalState, error: AgentSocketError | undefined): Awaitable<RunOutcome>;
  /** What it takes to go on after a restart: asked for before the run waits for a person. */
  checkpoint?(): string;
}

/** How a run begins. */
export interface RunOptions {
  /** What becomes of it when the last reader leaves; `undefined` lets the kind of that reader decide. */
  readonly onDisconnect?: 'cancel' | 'continue' | undefined;
  /** Whether its client can approve tool calls. */
  readonly canApprove?: boolean;
  /** The question, for those who watch the conversation. */
  readonly query?: string | undefined;
  /** What came with the question, without the bytes. */
  readonly attachments?: readonly AttachmentInfo[] | undefined;
  /** The message the question begins a branch beside. */
  readonly replaceFrom?: string | undefined;
}

/** A run that waits for a person, as it is written down for a restart. */
export interface RunCheckpoint {
  readonly options: RunOptions;
  /** What its worker gave. */
  readonly work: string;
}

/** What it takes to go on with a run after a restart, as JSON; `undefined` where its worker cannot. */
export function checkpointOf(run: {
  readonly options: RunOptions;
  readonly worker: RunWorker | undefined;
}): string | undefined {
  const work = run.worker?.checkpoint?.();
  return work === undefined ? undefined : JSON.stringify({ options: run.options, work } satisfies RunCheckpoint);
}

/** Why a run ends before its work does. */
export type StopCause =
  | { readonly state: 'cancelled'; readonly reason: CancelReason }
  | { readonly state: 'interrupted' }
  | { readonly state: 'failed'; readonly error: AgentSocketError };
