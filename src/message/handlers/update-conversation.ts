import type { Handler } from '../handler-context.js';

/** Changes title or metadata of a conversation. */
export const handleUpdateConversation: Handler<'update_conversation'> = async (context, connection, message) => {
  const { conversation_id: id, title, metadata, request_id: requestId } = message;
  const key = { owner: connection.principal.id, id, payer: connection.payer };
  await context.conversations.update(key, {
    ...(title !== undefined && { title }),
    ...(metadata !== undefined && { metadata }),
  });
  const info = await context.conversations.find(key);
  await context.runs.store.commit();
  connection.sendMessage({
    type: 'conversation',
    timestamp: connection.timestamp(),
    conversation_id: id,
    title: info?.title,
    metadata: info?.metadata,
    request_id: requestId,
  });
};
