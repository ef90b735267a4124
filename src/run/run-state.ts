import type { RunState } from '../protocol/server-messages.js';

/** Whether a run in this state is over. */
export function isFinal(state: RunState): boolean {
  return state === 'finished' || state === 'failed' || state === 'cancelled' || state === 'interrupted';
}
