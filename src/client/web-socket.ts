/** The part of a WebSocket that the client uses: browsers, Node 22 and later, and `ws` have it. */
export interface WebSocketLike {
  /** 1 while messages can be sent. */
  readonly readyState: number;
  /** The subprotocol the server chose; empty for none. */
  readonly protocol: string;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  /** Ends the connection without a handshake, if the implementation can. */
  terminate?(): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/** The class of {@link WebSocketLike}. */
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;

/** How a connection ended. */
export interface Close {
  /** See the table of close codes. */
  readonly code: number;
  readonly reason: string;
}

/** `readyState` of a socket that can send. */
export const OPEN = 1;

/**
 * Closes a socket. The closing handshake of a vanished peer would take until a timeout, so the socket is terminated
 * after `patienceMs` if possible.
 */
export function endSocket(socket: WebSocketLike, { code, reason }: Close, patienceMs: number): void {
  socket.close(code, reason);
  if (patienceMs === 0) socket.terminate?.();
  else if (socket.terminate !== undefined) {
    const timer: unknown = setTimeout(() => socket.terminate?.(), patienceMs);
    socket.addEventListener('close', () => clearTimeout(timer as number));
  }
}
