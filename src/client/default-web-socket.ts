import type { WebSocketClass } from './web-socket.js';

/**
 * The class where none was given: the one of `ws` in Node, whose own keeps the process for a quarter of an hour where a
 * peer died without a word, or which has none; elsewhere the global one.
 * @throws TypeError where there is none
 */
export async function defaultWebSocket(): Promise<WebSocketClass> {
  const { WebSocket, navigator } = globalThis as {
    readonly WebSocket?: WebSocketClass;
    readonly navigator?: { readonly userAgent?: string };
  };
  let found = WebSocket;
  if (found === undefined || navigator?.userAgent?.startsWith('Node.js') === true) {
    try {
      // Bundlers for browsers take the stub that `ws` keeps for them.
      const ws: { readonly WebSocket?: WebSocketClass } = await import('ws');
      found = ws.WebSocket ?? found;
    } catch {
      // It is not installed where a bundle for Node leaves it out.
    }
  }
  if (found === undefined) throw new TypeError('There is no WebSocket here: pass a class as option "WebSocket"');
  return found;
}
