/** What a {@link Socket} reports to its one listener. */
export interface SocketListener {
  /** A whole message arrived: `string` for a text frame, bytes for a binary one. */
  onMessage(data: string | Uint8Array): void;
  /** The buffer is empty again after it was not. */
  onDrain(): void;
  /** The socket is closed, for whatever reason. Called once; nothing follows. */
  onClose(code: number, reason: string): void;
}

/**
 * The engine's whole idea of a WebSocket. Anything that fits can carry a connection: the server's own
 * transport over `ws`, two linked sockets in memory, another WebSocket library.
 */
export interface Socket {
  /** Bytes given to `send` that have not left for the network. */
  readonly bufferedAmount: number;
  /** Bytes received from the peer so far, frames in progress included: any growth shows that it lives. */
  readonly bytesReceived: number;
  /** Starts delivery to `listener`, who hears nothing before this returns. Called once, before anything else. */
  open(listener: SocketListener): void;
  /**
   * Sends one text message; bytes are UTF-8 text. Never throws, does nothing once closed.
   * Messages of one tick may leave together at its end.
   * @param mayWait - nobody waits for it alone: it may leave a few milliseconds later, together with what follows.
   * @default false
   * @returns `false` when the buffer is above the mark the socket was made with: wait for `onDrain` before sending more.
   */
  send(text: string | Uint8Array, mayWait?: boolean): boolean;
  /** Sends a ping, which a living peer answers with bytes. Does nothing once closed. */
  ping(): void;
  /** Starts the closing handshake; `onClose` follows within a bounded time. Does nothing once closed. */
  close(code: number, reason: string): void;
  /** Ends the connection at once, without a handshake. `onClose` follows. */
  terminate(): void;
}
