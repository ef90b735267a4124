import type { Connection } from '../../connection/connection.js';
import { hasExpired, isPrincipalId, wireIdentity } from '../../connection/principal.js';
import { AgentSocketError } from '../../protocol/agent-socket-error.js';
import type { Handler } from '../handler-context.js';

/** Connections whose token is being checked: one at a time, so that nobody tries many tokens at once. */
const checking = new WeakSet<Connection>();

/** Gives a connection newer credentials of its principal. The old ones stay valid if the new ones are refused. */
export const handleAuth: Handler<'auth'> = async ({ checkToken }, connection, { token, request_id: requestId }) => {
  if (checkToken === undefined) throw new AgentSocketError('unauthorized', 'This server checks no tokens');
  if (checking.has(connection)) throw new AgentSocketError('rate_limited', 'An earlier token is still being checked');
  checking.add(connection);
  try {
    const principal = await checkToken(connection, token);
    if (!connection.isOpen) return;
    if (principal === null || !isPrincipalId(principal.id) || hasExpired(principal)) {
      throw new AgentSocketError('unauthorized', 'The token is not accepted');
    }
    if (principal.id !== connection.principal.id) {
      throw new AgentSocketError('forbidden', 'The token belongs to another principal, which needs its own connection');
    }
    connection.renew(principal);
    connection.sendMessage({
      type: 'authenticated',
      timestamp: connection.timestamp(),
      ...wireIdentity(principal),
      request_id: requestId,
    });
  } finally {
    checking.delete(connection);
  }
};
