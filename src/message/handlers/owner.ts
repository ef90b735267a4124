import type { Connection } from '../../connection/connection.js';
import { ANONYMOUS } from '../../connection/principal.js';
import { AgentSocketError } from '../../protocol/agent-socket-error.js';

/**
 * The authenticated owner of a connection.
 * @throws AgentSocketError `forbidden` if the client is not authenticated: all such clients share one owner.
 */
export function knownOwner({ principal }: Connection): string {
  if (principal.id !== ANONYMOUS.id) return principal.id;
  throw new AgentSocketError('forbidden', 'Only a client that has authenticated may do this');
}
