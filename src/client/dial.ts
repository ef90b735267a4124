import { SUBPROTOCOL } from '../protocol/version.js';
import type { Settings } from './options.js';
import type { WebSocketClass, WebSocketLike } from './web-socket.js';

/** Opens a socket. What fails in it fails for good: a relative URL outside of a page, one that the page may not use. */
export function dial(settings: Settings, WebSocket: WebSocketClass, token: string | undefined): WebSocketLike {
  const { tokenIn, protocols } = settings;
  const target = settings.url();
  const offered = [SUBPROTOCOL, ...protocols];
  if (token !== undefined && tokenIn === 'query') target.searchParams.set('token', token);
  if (token !== undefined && tokenIn === 'protocol') offered.push(token);
  return new WebSocket(target.href, offered);
}
