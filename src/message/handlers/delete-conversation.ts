import type { Handler } from '../handler-context.js';
import { knownOwner } from './owner.js';
import { whileIdle } from './while-idle.js';

/** Deletes a conversation without a run in progress. */
export const handleDeleteConversation: Handler<'delete_conversation'> = async (context, connection, message) => {
  const { conversation_id: id, request_id: requestId } = message;
  const key = { owner: knownOwner(connection), id };
  const existed = await whileIdle(context.runs, connection, key, () => context.conversations.delete(key));
  await context.runs.store.commit();
  connection.sendMessage({
    type: 'conversation_deleted',
    timestamp: connection.timestamp(),
    conversation_id: id,
    existed,
    request_id: requestId,
  });
};
