import type { ChatMessage } from '../../client/react.js';

/** A question with its answer. */
export interface TurnPair {
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
