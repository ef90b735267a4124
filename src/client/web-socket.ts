/** As much of a WebSocket as the client uses: that of browsers, of Node from version 22 on, and of `ws` have it. */
export interface WebSocketLike {
  /** 1 while messages can be sent. */
  readonly readyState: number;
  /** The subprotocol the server chose; empty for none. */
  readonly protocol: string;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  /** Ends the connection without a handshake, where the implementation can. */
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
 * Closes a socket. A peer that is gone would keep it open until the closing handshake times out, so it is ended after
 * `patienceMs`, where that can be done.
 */
export function endSocket(socket: WebSocketLike, { code, reason }: Close, patienceMs: number): void {
  socket.close(code, reason);
  if (patienceMs === 0) socket.terminate?.();
  else if (socket.terminate !== undefined) {
    const timer: unknown = setTimeout(() => socket.terminate?.(), patienceMs);
    socket.addEventListener('close', () => clearTimeout(timer as number));
  }
}
