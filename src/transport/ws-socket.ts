import type { Duplex } from 'node:stream';
import { WebSocket, type RawData } from 'ws';
import type { Socket, SocketListener } from '../connection/socket.js';
import { addressKey } from '../runtime/address-key.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import type { Corked, Flusher } from './flusher.js';
import { Inflow, type Keeper } from './inflow.js';
import type { Turns } from './turns.js';
import type { Sender, UnfinishedMessages } from './unfinished-messages.js';

/** How long a connection that was cut off may take to read the close code, in milliseconds. */
const LINGER_MS = 1_000;

/** The closes of a connection for whose unfinished message there is no room, and of one that floods. */
const NO_ROOM: CloseCodeInfo = { ...CLOSE_CODES.overCapacity, reason: 'Too many unfinished messages' };
const FLOODED: CloseCodeInfo = { ...CLOSE_CODES.rateLimited, reason: 'Too many small frames' };

/**
 * What a frame that waits to be sent costs in memory besides its payload, in bytes, in ws and Node's streams: the head, two
 * buffers and their places in a queue. Measured: 13.7 MB for 8,000 short frames, and their kilobytes in the kernel.
 */
const FRAME_BYTES = 1_024;

/** Maximum UTF-8 bytes of one UTF-16 unit. */
const MAX_UNIT_BYTES = 3;

/** Lengths above which a frame has a longer header (RFC 6455, section 5.2). */
const SHORT_LENGTH = 125;
const MEDIUM_LENGTH = 65_535;

/** Maximum number of pongs that wait to be sent. */
const MAX_PONGS = 16;

/** The raw socket of an upgrade: a net or TLS socket, or another stream, which does not count bytes. */
interface RawSocket extends Duplex {
  readonly bytesRead?: number;
}

/** A WebSocket of `ws` with its {@link Socket}, so that all sockets share one set of event handlers. */
export class BoundWebSocket extends WebSocket {
  bound: WsSocket | undefined;
}

/** What all sockets of an acceptor share. */
export interface Shared {
  /** Unsent output above which senders wait, in bytes of memory. */
  readonly mark: number;
  readonly flusher: Flusher;
  readonly turns: Turns;
  readonly unfinished: UnfinishedMessages;
}

/** Number of the last socket for which a part of a message was held. */
let lastKey = 0;

/** A {@link Socket} over `ws`. Corks the raw socket, so that all messages caused by one read are one write. */
export class WsSocket implements Socket, Corked, Keeper, Sender {
  readonly #ws: WebSocket;
  readonly #raw: RawSocket;
  readonly #mark: number;
  readonly #flusher: Flusher;
  readonly #inflow: Inflow;
  readonly #unfinished: UnfinishedMessages;
  readonly #remoteAddress: string | undefined;
  #key: string | undefined;
  #address: string | undefined;
  #unfinishedBytes = 0;
  #cutOffWith: CloseCodeInfo | undefined;
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

  constructor(ws: WebSocket, raw: RawSocket, remoteAddress: string | undefined, shared: Shared) {
    const { mark, flusher, turns, unfinished } = shared;
    this.#ws = ws;
    this.#raw = raw;
    this.#mark = mark;
    this.#flusher = flusher;
    this.#unfinished = unfinished;
    this.#remoteAddress = remoteAddress;
    this.#inflow = new Inflow(raw, ws, turns, this, ws.extensions !== '');
    if (ws instanceof BoundWebSocket) ws.bound = this;
    ws.on('error', onError);
    if (raw.bytesRead === undefined) raw.on('data', (chunk: Buffer) => (this.#received += chunk.length));
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount;
  }

  get bytesReceived(): number {
    return this.#raw.bytesRead ?? this.#received;
  }

  get unfinishedBytes(): number {
    return this.#unfinishedBytes;
  }

  get key(): string {
    return (this.#key ??= String(++lastKey));
  }

  get address(): string {
    return (this.#address ??= addressKey(this.#remoteAddress));
  }

  keeps(bytes: number): void {
    // `ws` still reads what a socket has when it closes.
    const held = this.#raw.destroyed ? 0 : bytes;
    if (held === 0 && this.#unfinishedBytes === 0) return;
    this.#unfinishedBytes = this.#unfinished.update(this, this.#unfinishedBytes, held);
  }

  cutOff(): void {
    this.#cutOff(NO_ROOM);
  }

  floods(): void {
    this.#cutOff(FLOODED);
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
    if (this.#ws.extensions === '') {
      // Not corked, since a broadcast is mostly the only message of its tick: corking costs each member of a room as much
      // as the rest of its share.
      if (typeof text !== 'string') return this.#sendFrame(sharedFrameOf(text));
      this.#cork(mayWait);
      return this.#sendFrame(frameOf(text));
    }
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

  /**
   * Sends a frame as one piece; `ws` writes head and text apart. Without compression `ws` writes each of its frames at once,
   * so that this one keeps its place among them.
   */
  #sendFrame(frame: Uint8Array): boolean {
    const waiting = this.#raw.writableLength;
    this.#frames = waiting === 0 ? 1 : this.#frames + 1;
    if (waiting + frame.length + this.#frames * FRAME_BYTES < this.#mark) {
      this.#raw.write(frame);
      return true;
    }
    this.#unwritten++;
    this.#raw.write(frame, () => this.#onWritten());
    if (this.#raw.writableLength + this.#frames * FRAME_BYTES < this.#mark) return true;
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
    this.#inflow.closed();
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

  /** `ws` closes the connection with the right code. It reads nothing more, but lets the socket flow. */
  failed(): void {
    this.#inflow.drop();
  }

  /** The client cannot answer a close while its message is dropped. */
  closed(code: number, reason: string): void {
    const close = this.#cutOffWith ?? { code, reason };
    this.listener?.onClose(close.code, close.reason);
  }

  flush(): void {
    if (!this.#corked) return;
    this.#corked = this.#flushes = false;
    this.#raw.uncork();
  }

  #cutOff(close: CloseCodeInfo): void {
    this.#inflow.drop();
    if (this.#ws.readyState === WebSocket.OPEN) this.#cutOffWith = close;
    this.close(close.code, close.reason);
    setTimeout(() => this.terminate(), LINGER_MS).unref();
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

/** The last message that was given as bytes, and its frame: a broadcast gives the same bytes to each socket. */
let shared: { readonly text: Uint8Array; readonly frame: Uint8Array } | undefined;

function sharedFrameOf(text: Uint8Array): Uint8Array {
  if (shared?.text === text) return shared.frame;
  const frame = frameWith(text.length);
  frame.set(text, frame.length - text.length);
  shared = { text, frame };
  return frame;
}

function frameOf(text: string): Uint8Array {
  const length = Buffer.byteLength(text);
  const frame = frameWith(length);
  frame.write(text, frame.length - length);
  return frame;
}

/** An unmasked text frame (RFC 6455, section 5.2) with room for its text. */
function frameWith(length: number): Buffer {
  const start = length <= SHORT_LENGTH ? 2 : length <= MEDIUM_LENGTH ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  // FIN, and the opcode of text.
  frame[0] = 0x81;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  return frame;
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

/** Without a listener the error would end the process. */
function onError(this: WebSocket): void {
  boundTo(this)?.failed();
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  boundTo(this)?.closed(code, reason.toString());
}
