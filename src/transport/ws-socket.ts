import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import type { Socket, SocketListener } from '../connection/socket.js';
import { checkOptions } from '../runtime/option-table.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import { Flusher, type Corked } from './flusher.js';
import { Inflow } from './inflow.js';
import { SOCKET_OPTIONS, type SocketOptions } from './socket-options.js';
import { Turns } from './turns.js';

/** How long the peer may take to answer a close before the connection is terminated, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * What a frame that waits to be sent costs in memory besides its payload, in bytes, in ws and Node's streams: the head, two
 * buffers and their places in a queue. Measured: 13.7 MB for 8,000 short frames, and their kilobytes in the kernel.
 */
const FRAME_BYTES = 1_024;

/** Maximum UTF-8 bytes of one UTF-16 unit. */
const MAX_UNIT_BYTES = 3;

/** Maximum number of pongs that wait to be sent. */
const MAX_PONGS = 16;

/** The raw socket of an upgrade: a net or TLS socket, or another stream, which does not count bytes. */
interface RawSocket extends Duplex {
  readonly bytesRead?: number;
}

/** A WebSocket of `ws` with its {@link Socket}, so that all sockets share one set of event handlers. */
class BoundWebSocket extends WebSocket {
  bound: WsSocket | undefined;
}

/** What all sockets of an acceptor share. */
interface Shared {
  /** Unsent output above which senders wait, in bytes of memory. */
  readonly mark: number;
  readonly flusher: Flusher;
  readonly turns: Turns;
}

/** A {@link Socket} over `ws`. Corks the raw socket, so that all messages caused by one read are one write. */
class WsSocket implements Socket, Corked {
  readonly #ws: WebSocket;
  readonly #raw: RawSocket;
  readonly #mark: number;
  readonly #flusher: Flusher;
  readonly #inflow: Inflow;
  /** Whether the raw socket is corked, and whether it is flushed at the end of this tick. */
  #corked = false;
  #flushes = false;
  #awaitsDrain = false;
  /** Number of messages since the last time that nothing waited to be sent. */
  #frames = 0;
  /** Number of messages near the mark that were not written yet. */
  #unwritten = 0;
  /** Bytes received over a raw socket that does not count them. */
  #received = 0;
  /** Number of pongs that were not sent yet, and the newest ping beyond the limit. */
  #pongs = 0;
  #pinged: Buffer | undefined;
  listener: SocketListener | undefined;

  constructor(ws: WebSocket, raw: RawSocket, { mark, flusher, turns }: Shared) {
    this.#ws = ws;
    this.#raw = raw;
    this.#mark = mark;
    this.#flusher = flusher;
    this.#inflow = new Inflow(raw, ws, turns, ws.extensions !== '');
    if (ws instanceof BoundWebSocket) ws.bound = this;
    if (raw.bytesRead === undefined) raw.on('data', (chunk: Buffer) => (this.#received += chunk.length));
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount;
  }

  get bytesReceived(): number {
    return this.#raw.bytesRead ?? this.#received;
  }

  /** A client that is not authenticated yet has another listener before its connection, which opens the socket again. */
  open(listener: SocketListener): void {
    const isOpen = this.listener !== undefined;
    this.listener = listener;
    if (isOpen) return;
    this.#ws.on('message', onMessage);
    this.#ws.on('ping', onPing);
    this.#ws.on('close', onClose);
  }

  send(text: string | Uint8Array, mayWait = false): boolean {
    if (this.#ws.readyState !== WebSocket.OPEN) return true;
    this.#cork(mayWait);
    const waiting = this.#ws.bufferedAmount;
    this.#frames = waiting === 0 ? 1 : this.#frames + 1;
    if (waiting + text.length * MAX_UNIT_BYTES + this.#frames * FRAME_BYTES < this.#mark) {
      this.#ws.send(text, AS_TEXT);
      return true;
    }
    // The raw socket emits `drain` only if its own mark was passed: never for short text, and never for long text that
    // compression made short.
    this.#unwritten++;
    this.#ws.send(text, AS_TEXT, () => this.#onWritten());
    if (this.#ws.bufferedAmount + this.#frames * FRAME_BYTES < this.#mark) return true;
    this.#awaitsDrain = true;
    return false;
  }

  pause(): void {
    this.#inflow.stop();
  }

  resume(): void {
    this.#inflow.start();
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
   * Answers a ping. If too many pongs wait to be sent, only the newest of the following pings is answered later (RFC
   * 6455, section 5.5.3): a client that was suspended may send many at once, and a client that reads nothing must cost
   * no memory.
   */
  pong(data: Buffer): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#pongs >= MAX_PONGS) {
      // A copy, since the data is a view of everything that one read brought.
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
  // With the default binaryType, `ws` gives a message as one Buffer, whatever its type says.
  const bytes = data as Buffer;
  boundTo(this)?.listener?.onMessage(isBinary ? bytes : bytes.toString());
}

function onPing(this: WebSocket, data: Buffer): void {
  boundTo(this)?.pong(data);
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  boundTo(this)?.listener?.onClose(code, reason.toString());
}

/** Does nothing, since `ws` closes the connection with the right code and emits `close`. */
function onError(): void {
  // Without a listener the error would end the process.
}

/** A socket whose handshake is complete. */
export interface AcceptedSocket {
  readonly socket: Socket;
  /** Whether the client offered the subprotocol, which the handshake then confirms. */
  readonly negotiated: boolean;
}

/** Completes WebSocket handshakes (RFC 6455, section 4.2). */
export class WsAcceptor {
  readonly #server: WebSocketServer;
  readonly #shared: Shared;
  /** Lines for the answer that is being written. */
  #headers: readonly string[] = [];

  /** @throws OptionError if an option breaks its rule. */
  constructor(options: SocketOptions = {}) {
    const { maxMessageBytes, backpressureBytes, perMessageDeflate } = checkOptions(options, SOCKET_OPTIONS);
    this.#shared = { mark: backpressureBytes, flusher: new Flusher(), turns: new Turns() };
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
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    this.#server.on('headers', (lines: string[]) => void lines.push(...this.#headers));
  }

  /**
   * Completes the handshake and calls `accepted` before it returns. A request that is not a WebSocket handshake gets an
   * HTTP error, and `accepted` is not called.
   * @param headers - further lines of the answer, such as `Set-Cookie: a=b`
   * @returns whether the request was a handshake.
   */
  accept(
    request: IncomingMessage,
    raw: Duplex,
    head: Buffer,
    accepted: (socket: AcceptedSocket) => void,
    headers: readonly string[] = [],
  ): boolean {
    let isHandshake = false;
    this.#headers = headers;
    this.#server.handleUpgrade(request, raw, head, (ws) => {
      isHandshake = true;
      ws.on('error', onError);
      const socket = new WsSocket(ws, raw, this.#shared);
      accepted({ socket, negotiated: ws.protocol === SUBPROTOCOL });
    });
    return isHandshake;
  }
}
