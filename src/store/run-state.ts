import type { RunState } from '../protocol/server-messages.js';

/** How a run can end. */
export type FinalState = Extract<RunState, 'finished' | 'failed' | 'cancelled' | 'interrupted'>;

/** Whether a run in this state is over. */
export function isFinal(state: RunState): state is FinalState {
  return state === 'finished' || state === 'failed' || state === 'cancelled' || state === 'interrupted';
}
