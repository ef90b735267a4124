import { SUBPROTOCOL } from '../protocol/version.js';
import type { Settings } from './options.js';
import type { WebSocketLike } from './web-socket.js';

/** Opens a socket. What fails in it for good throws: a token that cannot be sent, a URL the page may not use. */
export function dial({ url, protocols, tokenIn, WebSocket }: Settings, token: string | undefined): WebSocketLike {
  const target = new URL(url);
  const offered = [SUBPROTOCOL, ...protocols];
  if (token !== undefined && tokenIn === 'query') target.searchParams.set('token', token);
  if (token !== undefined && tokenIn === 'protocol') offered.push(checkToken(token));
  return new WebSocket(target.href, offered);
}

/** Whether a token can be offered as a subprotocol (RFC 9110, section 5.6.2). */
export function isSubprotocol(token: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(token);
}

/** The error of the WebSocket class would show the token. */
function checkToken(token: string): string {
  if (isSubprotocol(token)) return token;
  throw new TypeError('The token holds characters that cannot be sent as a subprotocol; use `tokenIn: "query"`');
}
