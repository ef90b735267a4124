import type { Outgoing } from './frame.js';
import type { Run } from './run.js';

/** A message that asks for a run. */
export type RunRequest = Extract<Outgoing, { type: 'agent_query' | 'streaming_query' | 'tool_call' }> & {
  run_id: string;
};

/** How far a run and the server have come with each other. */
export interface Delivery {
  readonly run: Run;
  /** What asks for the run; one that this client only reads has nothing. */
  readonly request: RunRequest | undefined;
  /** Whether the server can know of it: its request, or a `resume`, went out. */
  isSent: boolean;
  /** Whether that was over a connection that is gone. */
  isLost: boolean;
  /** Whether the request went out more than once, so that a refusal no longer means that no run came of it. */
  isRepeated: boolean;
  /** Whether the server said that it knows it. */
  isAccepted: boolean;
  /** The identity of the store that was told of it. */
  epoch: string | undefined;
  /** Of the request or the `resume` that went out last. */
  requestId: string;
  /** A `resume` is on its way: what comes before its answer comes again after it. */
  isResuming: boolean;
  /** When the last `resume` went out; -Infinity for never. */
  resumedAt: number;
  isCancelWanted: boolean;
  /** Of the `cancel` that went out last. */
  cancelId: string;
  /** How often in a row the server refused for the moment, or left a hole. */
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export function newDelivery(run: Run, request?: RunRequest): Delivery {
  return {
    run,
    request,
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
