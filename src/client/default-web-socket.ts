import type { WebSocketClass } from './web-socket.js';

/**
 * The default WebSocket class: the one of `ws` in Node, the global one elsewhere. Node's own class exists only in newer
 * versions, and keeps the process alive for a quarter of an hour if a peer vanishes.
 * @throws TypeError if there is none
 */
export async function defaultWebSocket(): Promise<WebSocketClass> {
  const { WebSocket, navigator } = globalThis as {
    readonly WebSocket?: WebSocketClass;
    readonly navigator?: { readonly userAgent?: string };
  };
  let found = WebSocket;
  if (found === undefined || navigator?.userAgent?.startsWith('Node.js') === true) {
    try {
      // Bundlers for browsers take the stub that `ws` provides for them.
      const ws: { readonly WebSocket?: WebSocketClass } = await import('ws');
      found = ws.WebSocket ?? found;
    } catch {
      // The package is missing if a bundle for Node omits it.
    }
  }
  if (found === undefined) throw new TypeError('There is no WebSocket here: pass a class as option "WebSocket"');
  return found;
}
