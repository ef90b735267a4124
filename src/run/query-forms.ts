import type { Asker, LlmMessage } from '../agent/llm-provider.js';
import { toLlmAttachments } from '../conversation/attachments.js';
import type { ConversationMessage, MessageError } from '../conversation/conversation-store.js';
import type { TurnPlace } from '../conversation/conversation-turn.js';
import type { AgentSocketError } from '../errors/agent-socket-error.js';
import type { QueryRequest } from './client-choices.js';
import type { RunMessage } from './run-message.js';
import type { FinalState } from './run-state.js';
import type { Run } from './run.js';

/** Who asks, as providers, tools and options are told. */
export function askerOf({ principal, id, meta: { conversationId }, metadata }: Run): Asker {
  return { principal, runId: id, conversationId, metadata };
}

/** A question that belongs to no conversation, as a model is told it. */
export function questionOf({ query, attachments = [] }: QueryRequest): LlmMessage {
  return {
    role: 'user',
    content: query,
    ...(attachments.length > 0 && { attachments: toLlmAttachments(attachments) }),
  };
}

/** The message a query begins with. */
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

/** Why an answer is not whole; `undefined` where it is. */
export function statusOf(state: FinalState): ConversationMessage['status'] {
  return state === 'finished' ? undefined : state;
}

/** What a conversation keeps of an error. */
export function messageError(error: AgentSocketError | undefined): MessageError | undefined {
  return error === undefined ? undefined : { code: error.code, message: error.message };
}
