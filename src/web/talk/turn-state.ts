import type { ChatMessage } from '../../client/react.js';
import type { Track } from './tracks.js';

/**
 * How an answer stands. `lost` and `unknown`: the page cannot tell how it ended. `unanswered`: the history has no
 * answer.
 */
export type TurnState =
  | 'sent'
  | 'accepted'
  | 'queued'
  | 'running'
  | 'waiting'
  | 'finished'
  | 'cancelled'
  | 'failed'
  | 'interrupted'
  | 'lost'
  | 'unknown'
  | 'unanswered';

const LIVE: ReadonlySet<TurnState> = new Set(['sent', 'accepted', 'queued', 'running', 'waiting']);

/** How the answer to a question stands, by its message and by what the page saw of its run. */
export function turnState(answer: ChatMessage | undefined, track: Track | undefined): TurnState {
  switch (answer?.status) {
    case undefined:
      return 'unanswered';
    case 'complete':
      return 'finished';
    case 'pending':
    case 'streaming':
      return liveState(track);
    case 'failed':
    case 'interrupted':
      if (answer.error?.code === 'client_closed') return 'lost';
      return answer.error?.code === 'outcome_unknown' ? 'unknown' : answer.status;
    case 'cancelled':
      return 'cancelled';
  }
}

/** Whether it has not ended. */
export function isLiveState(state: TurnState): boolean {
  return LIVE.has(state);
}

function liveState(track: Track | undefined): TurnState {
  if (track?.state === 'sending') return 'sent';
  if (track?.state === 'waiting_approval') return 'waiting';
  return track?.state === 'accepted' || track?.state === 'queued' ? track.state : 'running';
}
