import { randomUUID } from 'node:crypto';
import type { ConversationKey, ConversationStore } from '../store/conversation-store.js';
import type { TurnPlace } from './conversation-turn.js';
import type { ServerMessage } from '../protocol/server-messages.js';
import type { RunLog } from '../log/run-log.js';

/**
 * The place in its conversation of a run that an earlier process began, taken from the first message of its log. A run
 * without a first message, or with one of an older version that lacks the place, continues after the last stored
 * message; `undefined` if there is none.
 */
export async function recoverPlace(
  conversations: ConversationStore,
  key: ConversationKey,
  runId: string,
  log: RunLog,
): Promise<TurnPlace | undefined> {
  const told = await idsOf(log);
  const questionId = told?.questionId ?? (await conversations.read(key, { limit: 1 })).items.at(-1)?.id;
  if (questionId === undefined) return undefined;
  const question = await conversations.message(key, questionId);
  return { questionId, answerId: told?.answerId ?? randomUUID(), isAnew: question?.runId !== runId };
}

async function idsOf(log: RunLog): Promise<{ questionId: string; answerId: string } | undefined> {
  const [first] = log.published === 0 ? [] : await log.read(0);
  if (first?.type !== 'status' && first?.type !== 'stream_start') return undefined;
  const message = JSON.parse(first.encoded) as ServerMessage;
  if (message.type !== 'status' && message.type !== 'stream_start') return undefined;
  const { question_id: questionId, answer_id: answerId } = message;
  return questionId === undefined || answerId === undefined ? undefined : { questionId, answerId };
}
