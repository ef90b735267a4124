import type { Connection } from '../../connection/connection.js';
import { inTurn } from '../../connection/turn.js';
import { conversationBusy } from '../../run/run-errors.js';
import type { RunManager } from '../../run/run-manager.js';
import { andThen, type Awaitable } from '../../runtime/awaitable.js';
import type { ConversationKey } from '../../store/conversation-store.js';

/**
 * Changes a conversation without a run in progress, after the connection's earlier requests.
 * @throws AgentSocketError (or rejects with it) `conversation_busy`
 */
export function whileIdle<T>(
  runs: RunManager,
  connection: Connection,
  { owner, id }: ConversationKey,
  change: () => Awaitable<T>,
): Awaitable<T> {
  return inTurn(connection, () => {
    return andThen(runs.isBusy(owner, id), (isBusy) => {
      if (isBusy) throw conversationBusy();
      return change();
    });
  });
}
