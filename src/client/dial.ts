import { AUTH_BY_MESSAGE, SUBPROTOCOL } from '../protocol/version.js';
import { clientSecretProtocol } from './client-secret.js';
import type { Settings } from './options.js';
import type { WebSocketClass, WebSocketLike } from './web-socket.js';

/** A socket that is being opened. */
export interface Dialled {
  readonly socket: WebSocketLike;
  /** What proves who the client is in its first message; `undefined` if the handshake does. */
  readonly proof: string | undefined;
}

/**
 * Opens a socket. An error here is permanent, such as a relative URL outside of a page, or one that the page may not
 * use.
 */
export function dial(settings: Settings, WebSocket: WebSocketClass, token: string | undefined): Dialled {
  const { tokenIn, protocols, encryption } = settings;
  const target = settings.url();
  // A client that encrypts its messages offers nothing else.
  const offered = [encryption?.protocol ?? SUBPROTOCOL, ...protocols];
  const secret =
    token === undefined ? clientSecretProtocol(target, settings.clientSecret, settings.ownSecret) : undefined;
  // Whoever ends TLS reads the handshake, and may read nothing else.
  const proof = encryption !== undefined && secret !== undefined ? secret : tokenIn === 'message' ? token : undefined;
  if (proof !== undefined) offered.push(AUTH_BY_MESSAGE);
  else if (secret !== undefined) offered.push(secret);
  if (token !== undefined && tokenIn === 'query') target.searchParams.set('token', token);
  if (token !== undefined && tokenIn === 'protocol') offered.push(token);
  const socket = new WebSocket(target.href, offered);
  return { socket: encryption?.protect(socket) ?? socket, proof };
}
