import type { Handler } from '../handler-context.js';
import { knownOwner } from './owner.js';
import { DEFAULT_PAGE } from './page-size.js';

/** Tells the conversations of an owner. */
export const handleListConversations: Handler<'list_conversations'> = async (context, connection, message) => {
  const { limit = DEFAULT_PAGE, before, request_id: requestId } = message;
  const page = await context.conversations.list(knownOwner(connection), { limit, before });
  connection.sendMessage({
    type: 'conversations',
    timestamp: connection.timestamp(),
    conversations: page.items.map(({ id, title, metadata, messages, createdAt, updatedAt }) => ({
      conversation_id: id,
      title,
      metadata,
      messages,
      created_at: createdAt / 1000,
      updated_at: updatedAt / 1000,
    })),
    has_more: page.hasMore,
    request_id: requestId,
  });
};
