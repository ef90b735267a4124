import type { Connection } from '../../connection/connection.js';
import { ANONYMOUS } from '../../connection/principal.js';
import { AgentSocketError } from '../../protocol/agent-socket-error.js';

/**
 * The owner of what a connection begins.
 * @throws AgentSocketError `forbidden` if the connection shares the principal `anonymous`: no client may list or delete what
 * another one has.
 */
export function knownOwner({ principal }: Connection): string {
  if (principal.id !== ANONYMOUS.id) return principal.id;
  throw new AgentSocketError('forbidden', 'Only a client that has authenticated may do this');
}
