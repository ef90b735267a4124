import type { AttachmentInput, QueryOptions } from '../../client/index.js';
import type { LooseRequest } from './loose.js';

/** What a person asks for. */
export interface Question {
  readonly request: LooseRequest;
  readonly attachments?: readonly AttachmentInput[];
  /** What the question does if another one is being answered. */
  readonly whenBusy?: QueryOptions['whenBusy'];
  /** Loses the connection in the middle of the answer, to show what happens then. */
  readonly isToBeDropped?: boolean;
}

export type Ask = (question: Question) => void;
