import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { Handler } from '../handler-context.js';
import { whileIdle } from './while-idle.js';

/** Selects another branch of a conversation without a run in progress, and informs every connection that watches it. */
export const handleSelectBranch: Handler<'select_branch'> = async (context, connection, message) => {
  const { runs, readers, conversations } = context;
  const { conversation_id: id, message_id: messageId, request_id: requestId } = message;
  const key = { owner: connection.principal.id, id, payer: connection.payer };
  const leaf = await whileIdle(runs, connection, key, () => conversations.select(key, messageId));
  if (leaf === undefined) {
    throw new AgentSocketError('message_not_found', 'The conversation has no message with this id');
  }
  await runs.store.commit();
  const selected = { type: 'branch_selected', conversation_id: id, message_id: leaf } as const;
  connection.sendMessage({ ...selected, timestamp: connection.timestamp(), request_id: requestId });
  for (const watcher of readers.watchersOf(key.owner, id)) {
    if (watcher !== connection) watcher.sendMessage({ ...selected, timestamp: watcher.timestamp() });
  }
};
