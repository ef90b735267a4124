import type { AgentClientError } from './client-error.js';
import type { ClientRunState, PendingApproval, RunAnswer, RunEvent, RunPlace, ToolCall } from './run-event.js';

/** The decision about a tool call that stands: the first one counts. */
export interface ApprovalOutcome {
  readonly approved: boolean;
  /** A client, the time, or the end of the run decided. */
  readonly by: 'principal' | 'expiry' | 'cancel';
  readonly reason?: string | undefined;
}

/**
 * A run as a client sees it.
 *
 * Iterating gives its events, from the first one on whenever the iteration begins, and as often as wanted. It ends
 * after the `end` event and never throws; leaving it early leaves the run alone.
 *
 * Awaiting gives the whole answer, or throws an {@link AgentClientError}: also for a run that was cancelled, so that
 * nobody takes a part for the whole. Where nobody awaits, nothing is thrown. Since a run can be awaited, an `async`
 * function that returns one returns its answer.
 */
export interface ClientRun extends AsyncIterable<RunEvent>, PromiseLike<RunAnswer> {
  /** Idempotency key, cancel handle and resume handle. */
  readonly id: string;
  readonly state: ClientRunState;
  /** The answer so far. */
  readonly text: string;
  /** What the model thought aloud so far. */
  readonly reasoning: string;
  /** The tools the model called so far. Another array after every change. */
  readonly toolCalls: readonly ToolCall[];
  /** The decisions the run waits for. Another array after every change. */
  readonly approvals: readonly PendingApproval[];
  /** Under which ids its conversation keeps question and answer, as soon as the server has told. */
  readonly place: RunPlace | undefined;
  /** Why there is no whole answer, once the run ended without one. */
  readonly error: AgentClientError | undefined;
  /** The `seq` of the last message applied: what `resume` takes as `after`. */
  readonly seq: number;
  /** Calls `listener` at every event from now on. Returns the function that removes it. */
  subscribe(listener: (event: RunEvent) => void): () => void;
  /**
   * Stops the run, in whatever phase it is; one that was not sent yet is never sent. Resolves when the run has ended
   * for this client, cancelled or not, and never rejects.
   */
  cancel(): Promise<void>;
  /** Reads the run no longer. It goes on, as long as its `onDisconnect` lets it. */
  detach(): void;
  /**
   * Decides about a tool call. Gives the decision that stands.
   * @param reason - for the model, where the tool may not run
   */
  approve(toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome>;
}
