import type { AgentClientError } from './client-error.js';
import type { ClientRunState, PendingApproval, RunAnswer, RunEvent, RunPlace, ToolCall } from './run-event.js';

/** The final decision about a tool call: the first decision counts. */
export interface ApprovalOutcome {
  readonly approved: boolean;
  /** Who decided: a client, the time limit, or the end of the run. */
  readonly by: 'principal' | 'expiry' | 'cancel';
  readonly reason?: string | undefined;
}

/**
 * A run as a client sees it.
 *
 * Iterating gives all events from the first one on, whenever the iteration begins and however often. The iteration ends
 * after the `end` event and never throws; leaving it early does not affect the run.
 *
 * Awaiting gives the complete answer or throws an {@link AgentClientError}, also for a cancelled run, so that a partial
 * answer is never mistaken for a complete one. A run that is not awaited throws nothing. An `async` function that
 * returns a run returns its answer, since a run can be awaited.
 */
export interface ClientRun extends AsyncIterable<RunEvent>, PromiseLike<RunAnswer> {
  /** Id of the run: makes its request idempotent, and names the run in `cancel` and `resume`. */
  readonly id: string;
  /** The room that the run belongs to, if it is one of a room. */
  readonly room: string | undefined;
  readonly state: ClientRunState;
  /** The answer so far. */
  readonly text: string;
  /** The reasoning so far. */
  readonly reasoning: string;
  /** The tools the model has called so far. A new array after every change. */
  readonly toolCalls: readonly ToolCall[];
  /** The decisions that the run waits for. A new array after every change. */
  readonly approvals: readonly PendingApproval[];
  /** The ids of question and answer in the conversation, once the server has sent them. */
  readonly place: RunPlace | undefined;
  /** Why there is no complete answer, once the run has ended without one. */
  readonly error: AgentClientError | undefined;
  /** The `seq` of the last applied message: what `resume` takes as `after`. */
  readonly seq: number;
  /** Calls `listener` at every event from now on. Returns the function that removes it. */
  subscribe(listener: (event: RunEvent) => void): () => void;
  /**
   * Stops the run in any phase; a run that was not sent yet is never sent. Resolves when the run has ended for this
   * client, cancelled or not, and never rejects. If the server refuses, the run goes on, and the client has the event
   * `error`.
   */
  cancel(): Promise<void>;
  /** Stops reading the run. The run continues as long as its `onDisconnect` permits. */
  detach(): void;
  /**
   * Decides about a tool call. Returns the final decision.
   * @param reason - for the model, if the call is refused
   */
  approve(toolCallId: string, approved: boolean, reason?: string): Promise<ApprovalOutcome>;
}
