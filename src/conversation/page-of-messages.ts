import type { ConversationMessage, MessagePageRequest, Page } from './conversation-store.js';

/**
 * A page of messages, taken one by one from `newestFirst`, so that a conversation of any size costs no more memory than
 * the page.
 */
export function pageOfMessages(
  newestFirst: Iterable<ConversationMessage>,
  { limit, maxLength = Infinity }: MessagePageRequest,
): Page<ConversationMessage> {
  const items: ConversationMessage[] = [];
  let length = 0;
  for (const message of newestFirst) {
    length += lengthOf(message);
    const fits = length <= maxLength || items.length === 0;
    if (items.length >= limit || !fits) return { items: items.reverse(), hasMore: true };
    items.push(message);
  }
  return { items: items.reverse(), hasMore: false };
}

function lengthOf({ content, toolCalls = [] }: ConversationMessage): number {
  return toolCalls.reduce((sum, call) => sum + call.arguments.length, content.length);
}
