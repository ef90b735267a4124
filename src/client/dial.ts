import { AUTH_BY_MESSAGE, SUBPROTOCOL } from '../protocol/version.js';
import { clientSecretProtocol } from './client-secret.js';
import type { Settings } from './options.js';
import type { WebSocketClass, WebSocketLike } from './web-socket.js';

/**
 * Opens a socket. An error here is permanent, such as a relative URL outside of a page, or one that the page may not
 * use.
 */
export function dial(settings: Settings, WebSocket: WebSocketClass, token: string | undefined): WebSocketLike {
  const { tokenIn, protocols, encryption } = settings;
  const target = settings.url();
  // A client that encrypts its messages offers nothing else.
  const offered = [encryption?.protocol ?? SUBPROTOCOL, ...protocols];
  if (token === undefined) offered.push(...clientSecretProtocol(target, settings.clientSecret, settings.ownSecret));
  else if (tokenIn === 'message') offered.push(AUTH_BY_MESSAGE);
  if (token !== undefined && tokenIn === 'query') target.searchParams.set('token', token);
  if (token !== undefined && tokenIn === 'protocol') offered.push(token);
  const socket = new WebSocket(target.href, offered);
  return encryption?.protect(socket) ?? socket;
}
