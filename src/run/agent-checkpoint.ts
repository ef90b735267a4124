import type { AgentState } from '../agent/agent-state.js';
import type { LlmAttachment, LlmMessage } from '../agent/llm-provider.js';
import type { ConversationKey, ConversationStore } from '../conversation/conversation-store.js';
import type { TurnPlace } from '../conversation/conversation-turn.js';
import type { RunRequest } from '../protocol/client-messages.js';
import type { ApprovalRecord } from './approvals.js';

/** A run that waits for a person, as it is written down for a restart. */
export interface AgentCheckpoint {
  readonly request: RunRequest;
  readonly agent?: AgentState | undefined;
  readonly approvals: readonly ApprovalRecord[];
  /** Where in its conversation the run is. */
  readonly place?: TurnPlace | undefined;
}

/** As JSON. Bytes that the conversation keeps are not written again. */
export function encodeCheckpoint({ request, ...rest }: AgentCheckpoint): string {
  const kept = request.type === 'tool_call' ? request : { ...request, attachments: undefined };
  return JSON.stringify({ ...rest, request: kept }, (_, value: unknown) =>
    isKeptAttachment(value) ? { ...value, data: undefined } : value,
  );
}

/** Reads what {@link encodeCheckpoint} wrote, the bytes from the conversation. */
export async function decodeCheckpoint(
  checkpoint: string,
  conversations: ConversationStore,
  owner: string,
): Promise<AgentCheckpoint> {
  const decoded = JSON.parse(checkpoint) as AgentCheckpoint;
  const { agent, request } = decoded;
  const id = 'conversation_id' in request ? request.conversation_id : undefined;
  if (agent === undefined || id === undefined) return decoded;
  const messages: LlmMessage[] = [];
  for (const message of agent.messages) messages.push(await withBytes(message, conversations, { owner, id }));
  return { ...decoded, agent: { ...agent, messages } };
}

async function withBytes(
  message: LlmMessage,
  conversations: ConversationStore,
  key: ConversationKey,
): Promise<LlmMessage> {
  if (message.role !== 'user' || message.attachments === undefined) return message;
  const attachments: LlmAttachment[] = [];
  for (const attachment of message.attachments) {
    const isThere = attachment.id === undefined || attachment.data !== undefined;
    const bytes = isThere ? undefined : await conversations.attachment(key, attachment.id);
    const data = bytes === undefined ? attachment.data : Buffer.from(bytes).toString('base64');
    // Where the conversation was deleted meanwhile the model does without.
    if (data !== undefined || attachment.url !== undefined) attachments.push({ ...attachment, data });
  }
  return { ...message, attachments };
}

function isKeptAttachment(value: unknown): value is LlmAttachment {
  return typeof value === 'object' && value !== null && 'mediaType' in value && 'id' in value && 'data' in value;
}
