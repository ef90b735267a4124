import type { Outgoing } from './frame.js';
import type { Run } from './run.js';

/** A message that asks for a run. */
export type RunRequest = Extract<Outgoing, { type: 'agent_query' | 'streaming_query' | 'tool_call' }> & {
  run_id: string;
};

/** A message that asks a question. */
export type QueryRequest = Exclude<RunRequest, { type: 'tool_call' }>;

/** What was sent and confirmed of one run. */
export interface Delivery {
  run: Run;
  /** The request of the run as JSON, without attachments; absent if this client only reads the run. */
  readonly request: string | undefined;
  /** Attachments of the request as JSON; absent until they have been read. */
  attachments: string | undefined;
  /** What keeps its order: the conversation, or the room; a run of neither stands alone. */
  readonly place: string;
  /** Whether the server may know the run: its request or a `resume` was sent. */
  isSent: boolean;
  /** Whether the connection over which it was sent is lost. */
  isLost: boolean;
  /** Whether the request was sent more than once: then a refusal does not mean that there is no run. */
  isRepeated: boolean;
  /** Whether the server confirmed that it knows the run. */
  isAccepted: boolean;
  /** Identity of the store that got the request. */
  epoch: string | undefined;
  /** Id of the last request or `resume`. */
  requestId: string;
  /** Whether a `resume` waits for its answer: messages that arrive before come again after it. */
  isResuming: boolean;
  /** When the last `resume` was sent; -Infinity for never. */
  resumedAt: number;
  isCancelWanted: boolean;
  /** Id of the last `cancel`. */
  cancelId: string;
  /** Number of consecutive temporary refusals and gaps. */
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export function newDelivery(run: Run, request?: string, place = run.id): Delivery {
  return {
    run,
    request,
    attachments: undefined,
    place,
    isSent: false,
    isLost: false,
    isRepeated: false,
    isAccepted: false,
    epoch: undefined,
    requestId: '',
    isResuming: false,
    resumedAt: -Infinity,
    isCancelWanted: false,
    cancelId: '',
    failures: 0,
    timer: undefined,
  };
}
