import type { Asker } from '../tool/asker.js';
import type { LlmMessage } from './llm-provider.js';
import { toLlmAttachments } from './attachments.js';
import type { ConversationMessage, MessageError } from '../store/conversation-store.js';
import type { TurnPlace } from './conversation-turn.js';
import type { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { QueryRequest } from './client-choices.js';
import type { RunMessage } from '../log/run-message.js';
import type { FinalState } from '../store/run-state.js';
import type { Run } from '../run/run.js';

/** The asker of a run, as providers, tools and options see it. */
export function askerOf({ principal, id, meta: { conversationId }, metadata, trace }: Run): Asker {
  return { principal, runId: id, conversationId, metadata, trace };
}

/** The message of a question outside of conversations. */
export function questionOf({ query, attachments = [] }: QueryRequest): LlmMessage {
  return {
    role: 'user',
    content: query,
    ...(attachments.length > 0 && { attachments: toLlmAttachments(attachments) }),
  };
}

/** The first message of a query. */
export function startOf(
  run: Run,
  request: QueryRequest,
  { vendor, model, place }: { vendor: string; model: string | undefined; place: TurnPlace | undefined },
): RunMessage {
  const ids = { question_id: place?.questionId, answer_id: place?.answerId };
  return request.type === 'agent_query'
    ? { type: 'status', status: 'processing', ...ids }
    : { type: 'stream_start', vendor, model, conversation_id: run.meta.conversationId, ...ids };
}

/** Why an answer is incomplete; `undefined` if it is complete. */
export function statusOf(state: FinalState): ConversationMessage['status'] {
  return state === 'finished' ? undefined : state;
}

/** The part of an error that a conversation stores. */
export function messageError(error: AgentSocketError | undefined): MessageError | undefined {
  return error === undefined ? undefined : { code: error.code, message: error.message };
}
