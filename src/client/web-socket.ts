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
