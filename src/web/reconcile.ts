import type { Answer } from './answer.js';
import { attachedOf, withBytesOf } from './attached.js';
import type { Message } from './frames.js';
import { fillFromHistory, historyAnswer } from './history-answer.js';
import { textOf } from './message-fields.js';
import type { Runs } from './runs.js';
import { runIdOf, type Turn } from './transcript.js';

/** Answers of which the page itself cannot tell more than the history. */
const VAGUE: ReadonlySet<string> = new Set(['lost', 'unknown', 'unanswered']);

/** Gives every turn of a history its answer, in its order, and takes out what is no longer in it. */
export function reconcile(runs: Runs, turns: readonly Turn[], conversationId: string): void {
  const own = (): readonly Answer[] => runs.all.filter((answer) => answer.conversationId === conversationId);
  const inHistory = new Set<Answer>();
  let previous: Answer | undefined;
  for (const turn of turns) {
    const runId = runIdOf(turn);
    const latest = turn === turns.at(-1) ? answerInProgress(own(), turn) : undefined;
    const known = latest ?? (runId === undefined ? undefined : runs.byRunId(runId));
    const answer = known ?? historyAnswer(turn, conversationId);
    if (known === undefined) runs.add(answer, previous ?? before(runs, own()[0]));
    else if (VAGUE.has(known.state) && turn.steps.length > 0) {
      runs.revive(known);
      fillFromHistory(known, turn);
    }
    place(answer, turn);
    answer.touch();
    inHistory.add(answer);
    previous = answer;
  }
  for (const answer of own()) {
    if (answer.isLive || inHistory.has(answer)) continue;
    // Another version of an answer that was stopped before its first word has left nothing.
    const leftNothing = answer.state === 'cancelled' && answer.replaces !== undefined;
    if (answer.questionId === undefined && !leftNothing) continue;
    // Its question may stand there still, with another answer.
    answer.questionId = undefined;
    runs.drop(answer);
  }
}

/** Tells an answer where it stands in the conversation, and what its question brought along. */
function place(answer: Answer, { question, steps: [first = {}] }: Turn): void {
  answer.questionId = textOf(question, 'id');
  answer.questionVersions = siblingsOf(question);
  answer.answerId = textOf(first, 'id');
  answer.answerVersions = siblingsOf(first);
  answer.attached = withBytesOf(attachedOf(question), answer.attached);
}

function siblingsOf({ siblings }: Message): readonly string[] {
  return Array.isArray(siblings) ? (siblings as readonly string[]) : [];
}

/**
 * The answer to a last question that has none in the history: it runs, or ended before it showed anything. Where it is
 * made anew its question is older than its run, and only the text tells that they belong together.
 */
function answerInProgress(own: readonly Answer[], { question, steps }: Turn): Answer | undefined {
  if (steps.length > 0) return undefined;
  return own.findLast(
    (answer) =>
      answer.question === question['content'] &&
      answer.position.at > 0 &&
      (answer.isLive || (answer.text === '' && answer.origin !== 'history')),
  );
}

/** What stands before an answer. */
function before({ all }: Runs, answer: Answer | undefined): Answer | 'first' {
  const at = answer === undefined ? 0 : all.indexOf(answer);
  return all[at - 1] ?? 'first';
}
