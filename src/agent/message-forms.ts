import type { LlmAssistantMessage, LlmMessage, LlmToolMessage } from './llm-provider.js';
import type { LoadedAttachments } from './attachments.js';
import type { ConversationMessage } from '../store/conversation-store.js';

/** A message that a model adds to a conversation. */
export type AnswerMessage = LlmAssistantMessage | LlmToolMessage;

/** Turns a stored message into a message for the model. */
export function toLlmMessage(message: ConversationMessage, loaded: LoadedAttachments | undefined): LlmMessage {
  const { role, name, reasoning, toolCalls, origin, providerData, toolCallId = '', toolName = '', error } = message;
  // In the text, since not every model server accepts the field `name`, or shows it to its model.
  const content = name === undefined ? message.content : `${name}: ${message.content}`;
  switch (role) {
    case 'user': {
      if (loaded === undefined) return { role, content };
      const { attachments, note } = loaded;
      return { role, content: note === '' ? content : `${content}\n\n${note}`, attachments };
    }
    case 'assistant':
      return { role, content, reasoning, ...(toolCalls !== undefined && { toolCalls }), origin, providerData };
    case 'tool':
      return { role, content, toolCallId, toolName, ...(error !== undefined && { error }) };
  }
}

/** Whether the message has any text or call. */
export function isSaid(message: AnswerMessage): boolean {
  return message.content !== '' || (message.role === 'assistant' && (message.toolCalls ?? []).length > 0);
}
