import type { ChatMessage } from '../../client/react.js';
import type { Track } from './tracks.js';

/** A question with its answer. */
interface TurnPair {
  /** Stays the same for a run from its beginning to its place in the history. */
  readonly key: string;
  readonly question: ChatMessage;
  readonly answer: ChatMessage | undefined;
}

/** Messages in the order of asking as questions with their answers. A second answer that failed has its question, too. */
export function turnPairs(messages: readonly ChatMessage[]): readonly TurnPair[] {
  const pairs: TurnPair[] = [];
  let question: ChatMessage | undefined;
  for (const [index, message] of messages.entries()) {
    if (message.role === 'user') question = message;
    const answer = message.role === 'assistant' ? message : undefined;
    if (question === undefined || (answer === undefined && messages[index + 1]?.role === 'assistant')) continue;
    pairs.push({ key: answer?.runId ?? question.runId ?? question.id, question, answer });
  }
  return pairs;
}

/** How an answer stands. */
type Standing = Pick<ChatMessage, 'status' | 'error'>;

/** Whether an answer has not ended. */
export function isOpen(answer: Standing | undefined): boolean {
  return answer?.status === 'pending' || answer?.status === 'streaming';
}

/** The colour of each state of an answer, by which a person tells what is alive, what waits and what went wrong. */
const TONES = {
  sent: 'good',
  accepted: 'good',
  running: 'good',
  queued: 'warn',
  waiting: 'warn',
  finished: 'plain',
  cancelled: 'warn',
  failed: 'bad',
  interrupted: 'warn',
  /** The page cannot tell how it ended. */
  lost: 'warn',
  unknown: 'warn',
  /** The history has no answer. */
  unanswered: 'plain',
} as const;
export type TurnState = keyof typeof TONES;
type Tone = (typeof TONES)[TurnState];

export function toneOf(state: TurnState): Tone {
  return TONES[state];
}

/** How the answer to a question stands, by its message and by what the page saw of its run. */
export function turnState(answer: Standing | undefined, track: Track | undefined): TurnState {
  if (answer === undefined) return 'unanswered';
  if (isOpen(answer)) return liveState(track);
  if (answer.status === 'complete') return 'finished';
  if (answer.error?.code === 'client_closed') return 'lost';
  if (answer.error?.code === 'outcome_unknown') return 'unknown';
  return answer.status === 'failed' || answer.status === 'interrupted' ? answer.status : 'cancelled';
}

function liveState(track: Track | undefined): TurnState {
  if (track?.state === 'sending') return 'sent';
  if (track?.state === 'waiting_approval') return 'waiting';
  return track?.state === 'accepted' || track?.state === 'queued' ? track.state : 'running';
}
