/** What a {@link Socket} tells its listener. */
export interface SocketListener {
  /** A complete message arrived: `string` for a text frame, bytes for a binary one. */
  onMessage(data: string | Uint8Array): void;
  /** The buffer has become empty. */
  onDrain(): void;
  /** The socket is closed, for whatever reason. Called once and last. */
  onClose(code: number, reason: string): void;
}

/**
 * All that the engine needs of a WebSocket. Anything that fits can carry a connection: the server's own transport over
 * `ws`, two linked sockets in memory, another WebSocket library.
 */
export interface Socket {
  /** Bytes passed to `send` that were not sent to the network yet. */
  readonly bufferedAmount: number;
  /** Bytes received from the peer, including frames in progress: any growth shows that the peer is alive. */
  readonly bytesReceived: number;
  /** Bytes held of a message whose end has not come, at most; absent if they are not counted. */
  readonly unfinishedBytes?: number;
  /**
   * Starts to deliver events to `listener`, none of them before this method returns. Called once, before anything else.
   */
  open(listener: SocketListener): void;
  /**
   * Sends one text message; bytes are UTF-8 text, and must not change afterwards. Never throws, and does nothing once
   * closed.
   * Messages of one turn of the event loop may be sent together at its end.
   * @param mayWait - whether the message may be sent a few milliseconds later, together with following ones.
   * @default false
   * @returns `false` if the buffer is above the mark of the socket: wait for `onDrain` before sending more.
   */
  send(text: string | Uint8Array, mayWait?: boolean): boolean;
  /**
   * Delivers no more messages until `resume`, and reads little more of the network. Called while a client asks more than
   * it reads. Without this method, such a client is closed as soon as 1 MiB waits for it.
   */
  pause?(): void;
  /** Ends `pause`. */
  resume?(): void;
  /** Sends a ping, which a living peer answers. Does nothing once closed. */
  ping(): void;
  /** Starts the closing handshake; `onClose` follows within a bounded time. Does nothing once closed. */
  close(code: number, reason: string): void;
  /** Ends the connection at once, without a handshake. `onClose` follows. */
  terminate(): void;
}
