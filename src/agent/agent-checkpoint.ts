import type { AgentState } from './agent-state.js';
import type { LlmAttachment, LlmMessage } from './llm-provider.js';
import type { ConversationKey, ConversationStore } from '../store/conversation-store.js';
import type { TurnPlace } from './conversation-turn.js';
import type { RunRequest } from '../protocol/client-messages.js';
import type { ApprovalRecord } from '../run/approvals.js';

/** A run that waits for an approval, in the form that is stored for a restart. */
export interface AgentCheckpoint {
  readonly request: RunRequest;
  readonly agent?: AgentState | undefined;
  readonly approvals: readonly ApprovalRecord[];
  /** The place of the run in its conversation. */
  readonly place?: TurnPlace | undefined;
}

/** Encodes the checkpoint as JSON, without bytes that the conversation stores. */
export function encodeCheckpoint({ request, agent, ...rest }: AgentCheckpoint): string {
  const kept = request.type === 'tool_call' ? request : { ...request, attachments: undefined };
  return JSON.stringify({
    ...rest,
    request: kept,
    agent: agent === undefined ? undefined : { ...agent, messages: agent.messages.map(withoutBytes) },
  });
}

function withoutBytes(message: LlmMessage): LlmMessage {
  if (message.role !== 'user' || message.attachments === undefined) return message;
  const attachments = message.attachments.map((attachment) =>
    attachment.id === undefined ? attachment : { ...attachment, data: undefined },
  );
  return { ...message, attachments };
}

/** Reads what {@link encodeCheckpoint} wrote, without attachment bytes: {@link withAttachments} adds them. */
export function decodeCheckpoint(checkpoint: string): AgentCheckpoint {
  return JSON.parse(checkpoint) as AgentCheckpoint;
}

/** Adds the attachment bytes from the conversation to the messages of a checkpoint. */
export async function withAttachments(
  messages: readonly LlmMessage[],
  conversations: ConversationStore,
  key: ConversationKey,
): Promise<LlmMessage[]> {
  const whole: LlmMessage[] = [];
  for (const message of messages) whole.push(await withBytes(message, conversations, key));
  return whole;
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
    // If the conversation was deleted meanwhile, the model does without the attachment.
    if (data !== undefined || attachment.url !== undefined) attachments.push({ ...attachment, data });
  }
  return { ...message, attachments };
}
