import type { Answer } from './answer.js';
import type { ApprovalPiece } from './answer-piece.js';
import { failureOf } from './message-fields.js';
import type { Session } from './session.js';

/** What the person decided about a tool call. */
export interface Decision {
  readonly approved: boolean;
  /** For the model, where the call is refused. */
  readonly reason: string;
}

/** Sends a decision. The reply tells the one that stands, which may be another tab's. */
export function decide(session: Session, answer: Answer, approval: ApprovalPiece, decision: Decision): void {
  const { approved, reason } = decision;
  const message = { type: 'approval', run_id: answer.runId, tool_call_id: approval.id, approved };
  const isSent = session.ask(reason === '' ? message : { ...message, reason }, (reply) => {
    if (reply['type'] !== 'error') return;
    approval.sent = undefined;
    answer.touch();
    session.runs.refused.emit({ failure: failureOf(reply) });
  });
  if (!isSent) return;
  approval.sent = approved;
  answer.touch();
}
