import { inTurn } from '../../connection/turn.js';
import type { Handler } from '../handler-context.js';

/** Lets the connection read every run of a conversation, beginning with those in progress. */
export const handleWatch: Handler<'watch'> = async ({ runs, readers, answers }, connection, message) => {
  const { conversation_id: conversationId, active, request_id: requestId } = message;
  await inTurn(connection, () => {
    if (active) readers.watch(connection, conversationId);
    else readers.unwatch(connection, conversationId);
    connection.sendMessage({
      type: 'watching',
      timestamp: connection.timestamp(),
      conversation_id: conversationId,
      active,
      request_id: requestId,
    });
  });
  if (!active) return;
  // Sent one by one, since each message may contain a long question.
  for (const run of [...(await runs.inProgress(connection.principal.id, conversationId))]) {
    await answers.inTurn(connection, () => {
      if (!run.isOver) readers.introduce(connection, run);
    });
  }
};
