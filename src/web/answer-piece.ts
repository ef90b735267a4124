/** What an answer is made of, in the order it came. */
export type Piece = TextPiece | ToolPiece | ApprovalPiece;

export interface TextPiece {
  readonly kind: 'text' | 'reasoning';
  text: string;
}

export interface ToolPiece {
  readonly kind: 'tool';
  readonly id: string;
  readonly name: string;
  readonly params: unknown;
  /** `waiting`: for somebody to decide whether it may run. */
  state: 'running' | 'waiting' | 'done' | 'failed';
  outcome: unknown;
  /** What it reported while it was at work. */
  readonly reports: unknown[];
}

/** A question to a person: may this tool run? */
export interface ApprovalPiece {
  readonly kind: 'approval';
  readonly id: string;
  readonly name: string;
  readonly params: unknown;
  /** `performance.now()` when the time to decide is over. */
  expiresAt: number;
  /** What this page answered, before it knows whether it was the first. */
  sent: boolean | undefined;
  decision: ApprovalDecision | undefined;
}

/** The decision that stands, whoever made it. */
export interface ApprovalDecision {
  readonly approved: boolean;
  readonly by: string;
  readonly reason: string | undefined;
}
