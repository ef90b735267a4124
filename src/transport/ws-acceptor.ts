import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Socket } from '../connection/socket.js';
import { checkOptions } from '../runtime/option-table.js';
import { JWE_EXTRA_BYTES } from '../protocol/encryption.js';
import { ENCRYPTED_SUBPROTOCOL, SUBPROTOCOL } from '../protocol/version.js';
import { Flusher } from './flusher.js';
import { SOCKET_OPTIONS, type SocketOptions } from './socket-options.js';
import { Turns } from './turns.js';
import { UnfinishedMessages } from './unfinished-messages.js';
import { BoundWebSocket, WsSocket, type Shared } from './ws-socket.js';

/** How long the peer may take to answer a close before the connection is terminated, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** A socket whose handshake is complete. */
export interface AcceptedSocket {
  readonly socket: Socket;
  /** Whether the client offered the subprotocol, which the handshake then confirms. */
  readonly negotiated: boolean;
  /** Whether the client offered the subprotocol of encrypted messages, and the handshake confirmed it. */
  readonly encrypted: boolean;
}

/** Completes WebSocket handshakes (RFC 6455, section 4.2). */
export class WsAcceptor {
  readonly #server: WebSocketServer;
  /** The server for clients that encrypt their messages; `undefined` if they are not served. */
  readonly #encrypted: WebSocketServer | undefined;
  readonly #shared: Shared;
  /** Lines for the answer that is being written. */
  #headers: readonly string[] = [];

  /**
   * @param encrypts - whether clients may negotiate encrypted messages
   * @throws OptionError if an option breaks its rule.
   */
  constructor(options: SocketOptions = {}, encrypts = false) {
    const { maxMessageBytes, backpressureBytes, perMessageDeflate } = checkOptions(options, SOCKET_OPTIONS);
    // Base64 is a third longer than the message.
    const encryptedBytes = Math.min(Math.ceil((maxMessageBytes / 3) * 4) + JWE_EXTRA_BYTES, 2_147_483_647);
    this.#shared = {
      mark: backpressureBytes,
      flusher: new Flusher(),
      turns: new Turns(),
      unfinished: new UnfinishedMessages(encrypts ? encryptedBytes : maxMessageBytes),
    };
    const limits = {
      maxPayload: maxMessageBytes,
      // With the defaults of ws, forty sockets could occupy a hundred megabytes.
      maxFragments: 1_024,
      maxBufferedChunks: 16_384,
      autoPong: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    this.#server = new WebSocketServer({
      ...limits,
      noServer: true,
      clientTracking: false,
      perMessageDeflate,
      WebSocket: BoundWebSocket,
      // Another offered value may hold a token, so it is never sent back.
      // A client that insists on encrypted messages is refused, and reads the code only if the handshake succeeds.
      handleProtocols: (offered) => [SUBPROTOCOL, ENCRYPTED_SUBPROTOCOL].find((known) => offered.has(known)) ?? false,
    });
    const addHeaders = (lines: string[]): void => void lines.push(...this.#headers);
    this.#server.on('headers', addHeaders);
    if (!encrypts) return;
    this.#encrypted = new WebSocketServer({
      ...limits,
      // Encrypted text cannot be compressed.
      maxPayload: encryptedBytes,
      noServer: true,
      clientTracking: false,
      WebSocket: BoundWebSocket,
      handleProtocols: () => ENCRYPTED_SUBPROTOCOL,
    });
    this.#encrypted.on('headers', addHeaders);
  }

  /**
   * Completes the handshake and calls `accepted` before it returns. A request that is not a WebSocket handshake gets an
   * HTTP error, and `accepted` is not called.
   * @param remoteAddress - the address of the client, also behind proxies
   * @param headers - further lines of the answer, such as `Set-Cookie: a=b`
   * @returns whether the request was a handshake.
   */
  accept(
    request: IncomingMessage,
    raw: Duplex,
    head: Buffer,
    accepted: (socket: AcceptedSocket) => void,
    remoteAddress?: string,
    headers: readonly string[] = [],
  ): boolean {
    let isHandshake = false;
    const encrypts = offeredProtocols(request).includes(ENCRYPTED_SUBPROTOCOL);
    const server = encrypts ? (this.#encrypted ?? this.#server) : this.#server;
    // Set before the answer is written, and for this answer alone: a cookie is a secret of one client.
    this.#headers = headers;
    server.handleUpgrade(request, raw, head, (ws) => {
      this.#headers = [];
      isHandshake = true;
      const socket = new WsSocket(ws, raw, remoteAddress, this.#shared);
      const encrypted = ws.protocol === ENCRYPTED_SUBPROTOCOL;
      accepted({ socket, negotiated: encrypted || ws.protocol === SUBPROTOCOL, encrypted });
    });
    // A request that is no handshake was answered without them.
    this.#headers = [];
    return isHandshake;
  }
}

/** The subprotocols that the client of a handshake offers. */
export function offeredProtocols({ headers }: IncomingMessage): readonly string[] {
  return headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim()) ?? [];
}
