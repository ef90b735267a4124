import type { IncomingMessage } from 'node:http';

/** Subprotocols of agent-ws: they name the protocol and are never tokens. */
const OURS = /^agent-ws\./i;

/**
 * The token of a client, for the hook `authenticate`: that of `Authorization: Bearer …`, or the last offered
 * subprotocol that is not of agent-ws. The client of a page sends its token as subprotocol, since a page cannot set
 * headers.
 * @param request - the handshake
 * @returns `undefined` if there is none. Nothing is verified.
 */
export function tokenOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization?.trim() ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((entry) => entry.trim());
  return offered.findLast((entry) => entry !== '' && !OURS.test(entry));
}
