import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import type { Socket, SocketListener } from '../connection/socket.js';
import { checkOptions } from '../runtime/option-table.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import { Flusher, type Corked } from './flusher.js';
import { SOCKET_OPTIONS, type SocketOptions } from './socket-options.js';

/** How long the peer may take to answer a close before the connection is ended, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Bytes around the payload of a frame, at most. */
const MAX_HEADER_BYTES = 14;

/** UTF-8 bytes of one UTF-16 unit, at most. */
const MAX_UNIT_BYTES = 3;

/** Answers to pings that wait to be sent, at most. */
const MAX_PONGS = 16;

/** The raw socket of an upgrade: a net or TLS socket, or another stream, which counts nothing. */
interface RawSocket extends Duplex {
  readonly bytesRead?: number;
}

/** A WebSocket of `ws` that knows its {@link Socket}, so that all of them share one set of event handlers. */
class BoundWebSocket extends WebSocket {
  bound: WsSocket | undefined;
}

/** A {@link Socket} over `ws`. Corks the raw socket, so that what one read causes costs one write. */
class WsSocket implements Socket, Corked {
  readonly #ws: WebSocket;
  readonly #raw: RawSocket;
  readonly #mark: number;
  readonly #flusher: Flusher;
  /** Whether the raw socket gathers what is written to it, and whether it will be flushed when this tick ends. */
  #corked = false;
  #flushes = false;
  #awaitsDrain = false;
  /** Messages near the mark that have not left. */
  #unwritten = 0;
  /** Bytes received over a raw socket that does not count them itself. */
  #received = 0;
  /** Answers to pings that have not left, and the newest ping that came when they were too many. */
  #pongs = 0;
  #pinged: Buffer | undefined;
  listener: SocketListener | undefined;

  constructor(ws: WebSocket, raw: RawSocket, mark: number, flusher: Flusher) {
    this.#ws = ws;
    this.#raw = raw;
    this.#mark = mark;
    this.#flusher = flusher;
    if (ws instanceof BoundWebSocket) ws.bound = this;
    if (raw.bytesRead === undefined) raw.on('data', (chunk: Buffer) => (this.#received += chunk.length));
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount;
  }

  get bytesReceived(): number {
    return this.#raw.bytesRead ?? this.#received;
  }

  open(listener: SocketListener): void {
    this.listener = listener;
    this.#ws.on('message', onMessage);
    this.#ws.on('ping', onPing);
    this.#ws.on('close', onClose);
  }

  send(text: string | Uint8Array, mayWait = false): boolean {
    if (this.#ws.readyState !== WebSocket.OPEN) return true;
    this.#cork(mayWait);
    const most = this.#ws.bufferedAmount + text.length * MAX_UNIT_BYTES + MAX_HEADER_BYTES;
    if (most < this.#mark) {
      this.#ws.send(text, AS_TEXT);
      return true;
    }
    // The raw socket's own `drain` comes only where its own mark was passed: never for little text, nor for
    // much that compression made little.
    this.#unwritten++;
    this.#ws.send(text, AS_TEXT, () => this.#onWritten());
    if (this.#ws.bufferedAmount < this.#mark) return true;
    this.#awaitsDrain = true;
    return false;
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /**
   * Answers a ping. When too many answers wait to be sent, only the newest of those that follow is answered later
   * (RFC 6455, section 5.5.3): a client that was stalled may send many at once, and one that reads nothing costs no memory.
   */
  pong(data: Buffer): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#pongs >= MAX_PONGS) {
      // A copy: the data is a view of all that one read brought.
      this.#pinged = Buffer.from(data);
      return;
    }
    this.#pongs++;
    this.#ws.pong(data, false, () => {
      this.#pongs--;
      const next = this.#pinged;
      this.#pinged = undefined;
      if (next !== undefined) this.pong(next);
    });
  }

  flush(): void {
    if (!this.#corked) return;
    this.#corked = this.#flushes = false;
    this.#raw.uncork();
  }

  #onWritten(): void {
    if (--this.#unwritten > 0 || !this.#awaitsDrain) return;
    this.#awaitsDrain = false;
    this.listener?.onDrain();
  }

  #cork(mayWait: boolean): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#raw.cork();
      if (mayWait) this.#flusher.later.add(this);
    }
    if (mayWait || this.#flushes) return;
    this.#flushes = true;
    this.#flusher.soon.add(this);
  }
}

const AS_TEXT = { binary: false };

function boundTo(ws: WebSocket): WsSocket | undefined {
  return ws instanceof BoundWebSocket ? ws.bound : undefined;
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  // With the default binaryType `ws` gives a message in one Buffer, whatever its type says.
  const bytes = data as Buffer;
  boundTo(this)?.listener?.onMessage(isBinary ? bytes : bytes.toString());
}

function onPing(this: WebSocket, data: Buffer): void {
  boundTo(this)?.pong(data);
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  boundTo(this)?.listener?.onClose(code, reason.toString());
}

/** `ws` closes the connection itself with the right code; `close` follows. */
function onError(): void {
  // Without a listener the error would end the process.
}

/** A socket whose handshake is complete. */
export interface AcceptedSocket {
  readonly socket: Socket;
  /** Whether the client offered the subprotocol, which the handshake then answered. */
  readonly negotiated: boolean;
}

/** Completes WebSocket handshakes (RFC 6455, section 4.2). The only place that knows `ws`. */
export class WsAcceptor {
  readonly #server: WebSocketServer;
  readonly #mark: number;
  readonly #flusher = new Flusher();

  /** @throws OptionError where an option breaks its rule. */
  constructor(options: SocketOptions = {}) {
    const { maxMessageBytes, backpressureBytes, perMessageDeflate } = checkOptions(options, SOCKET_OPTIONS);
    this.#mark = backpressureBytes;
    const limits = {
      maxPayload: maxMessageBytes,
      // The defaults of ws let forty sockets pin a hundred megabytes.
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
      // Another offered value may hold a token: it is never echoed.
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
  }

  /**
   * Completes the handshake and hands the socket over, before it returns. A request that is no WebSocket handshake is
   * answered with its HTTP error, and `accepted` is not called.
   * @returns whether it was a handshake.
   */
  accept(request: IncomingMessage, raw: Duplex, head: Buffer, accepted: (socket: AcceptedSocket) => void): boolean {
    let isHandshake = false;
    this.#server.handleUpgrade(request, raw, head, (ws) => {
      isHandshake = true;
      ws.on('error', onError);
      const socket = new WsSocket(ws, raw, this.#mark, this.#flusher);
      accepted({ socket, negotiated: ws.protocol === SUBPROTOCOL });
    });
    return isHandshake;
  }
}
