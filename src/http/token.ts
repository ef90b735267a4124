import type { IncomingMessage } from 'node:http';

/** Subprotocols of ours: they say how to talk, and prove nothing. */
const OURS = /^agent-ws\./i;

/**
 * The token a client proves itself with: that of `Authorization: Bearer …`, or the last subprotocol it offers that is none
 * of agent-ws, where the client of a page puts it since it can send no header. For the hook `authenticate`.
 * @param request - the handshake
 * @returns `undefined` where there is none. Nothing is verified.
 */
export function tokenOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization?.trim() ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((entry) => entry.trim());
  return offered.findLast((entry) => entry !== '' && !OURS.test(entry));
}
