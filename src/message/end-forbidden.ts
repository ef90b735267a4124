import type { Connection } from '../connection/connection.js';
import { inTurn } from '../connection/turn.js';
import type { Action, ActionResources } from '../permission/actions.js';
import type { HandlerContext } from './handler-context.js';

/**
 * Takes a connection out of the rooms, and off the conversations, that its principal may read no more. What the connection
 * asked for before comes first, since it was permitted by the earlier credentials.
 */
export function endForbidden(context: HandlerContext, connection: Connection): void {
  const { permissions, readers, rooms } = context;
  const isForbidden = <A extends Action>(action: A, resource: ActionResources[A]): boolean => {
    try {
      return !permissions.allows(connection.principal, action, resource);
    } catch {
      // A policy that fails allows nothing; it was logged.
      return true;
    }
  };
  void inTurn(connection, () => {
    for (const room of [...(rooms?.joinedBy(connection).keys() ?? [])]) {
      if (isForbidden('join', { room })) rooms?.takeOut(connection, room);
    }
    for (const conversationId of readers.watchedBy(connection)) {
      if (!isForbidden('watch', { conversationId })) continue;
      readers.unwatch(connection, conversationId);
      connection.sendMessage({
        type: 'watching',
        timestamp: connection.timestamp(),
        conversation_id: conversationId,
        active: false,
      });
    }
  });
}
