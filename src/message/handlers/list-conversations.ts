import type { Connection } from '../../connection/connection.js';
import type { ClientMessageOf } from '../../protocol/client-messages.js';
import type { Handler, HandlerContext } from '../handler-context.js';
import { knownOwner } from './owner.js';
import { DEFAULT_PAGE } from './page-size.js';

/** Sends the conversations of an owner. */
export const handleListConversations: Handler<'list_conversations'> = (context, connection, message) => {
  const owner = knownOwner(connection);
  return context.answers.inTurn(connection, () => answer(context, connection, owner, message));
};

async function answer(
  { conversations }: HandlerContext,
  connection: Connection,
  owner: string,
  { limit = DEFAULT_PAGE, before, request_id: requestId }: ClientMessageOf<'list_conversations'>,
): Promise<void> {
  const page = await conversations.list(owner, { limit, before });
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
}
