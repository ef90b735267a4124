import { IncomingMessage, type IncomingHttpHeaders } from 'node:http';

/** Headers that prove who a client is, and those of the handshake itself. */
const LEFT_OUT = /^(?:authorization|cookie|proxy-authorization|upgrade|connection|sec-websocket-.*)$/;

/** Whether a client offers this subprotocol. */
export function offers({ headers }: IncomingMessage, protocol: string): boolean {
  return (headers['sec-websocket-protocol'] ?? '').split(',').some((entry) => entry.trim() === protocol);
}

/** A request without what proves who the client is: all that is kept of a handshake while its connection lasts. */
export function bareRequest(request: IncomingMessage): IncomingMessage {
  const kept = Object.entries(request.headers).filter(([name]) => !LEFT_OUT.test(name));
  return copyOf(request, Object.fromEntries(kept));
}

/**
 * The request with this token: a hook that reads `Authorization` checks the token of an `auth` message, too. Without
 * cookies, since those of the handshake may be older than the token.
 */
export function withToken(bare: IncomingMessage, token: string): IncomingMessage {
  return copyOf(bare, { ...bare.headers, authorization: `Bearer ${token}` });
}

function copyOf({ socket, method, url, httpVersion }: IncomingMessage, headers: IncomingHttpHeaders): IncomingMessage {
  return Object.assign(new IncomingMessage(socket), { method, url, httpVersion, headers });
}
