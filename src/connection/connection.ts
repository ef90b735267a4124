import { randomUUID } from 'node:crypto';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { encodeMessage, now } from '../protocol/encode.js';
import type { CustomMessage, ServerMessage } from '../protocol/server-messages.js';
import { sendable, type CloseFrame } from './close-frame.js';
import type { Principal } from './principal.js';
import type { Socket, SocketListener } from './socket.js';

/** Messages outside runs that may wait while the buffer is above the mark, in UTF-16 units or bytes. */
const MAX_WAITING = 1_048_576;

/** How long a closed slow consumer may take to read the close before it is terminated. */
const LINGER_MS = 2_000;

/** What is known of a connection when it is made. */
export interface ConnectionInfo<P extends Principal = Principal, Metadata = unknown> {
  /** Who owns the connection and the runs it starts. */
  readonly principal: P;
  /** The embedder's own. */
  readonly metadata: Metadata;
  /** Whether the client negotiated the subprotocol and so speaks more than the documented core. */
  readonly negotiated: boolean;
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Something that reads on behalf of a connection, such as a subscription to the log of a run. */
export interface ConnectionReader {
  /** The connection takes data again. */
  onWritable(): void;
  /** The connection is gone. */
  onDisconnected(): void;
}

/** Where a connection reports: its manager. */
export interface ConnectionOwner {
  onMessage(connection: Connection, data: string | Uint8Array): void;
  onClosed(connection: Connection, code: number, reason: string): void;
}

/**
 * One accepted socket, from `connected` to close. Holds no timers and no closures: ten thousand of them idle.
 */
export class Connection<P extends Principal = Principal, Metadata = unknown> implements SocketListener {
  /** A UUID. */
  readonly id = randomUUID();
  readonly principal: P;
  readonly metadata: Metadata;
  readonly negotiated: boolean;
  readonly remoteAddress: string | undefined;
  readonly userAgent: string | undefined;
  /** When it was accepted: Unix milliseconds. */
  readonly connectedAt = Date.now();
  /** When the last message arrived: Unix milliseconds. */
  lastActivityAt = this.connectedAt;
  /** Messages received. */
  messageCount = 0;
  /** Messages whose handlers are not done: each costs memory that no queue counts. */
  unanswered = 0;
  /** The last piece of work that has to be done in order, while it is pending; see `inTurn`. It never rejects. */
  turn: Promise<void> | undefined;

  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #readers: Set<ConnectionReader> | undefined;
  #closed = false;
  #lastTimestamp = 0;
  /** Since when the buffer is above the mark: milliseconds of the monotonic clock; 0 while it is not. */
  #blockedSince = 0;
  /** Size of the messages outside runs sent since then. */
  #waiting = 0;

  constructor(socket: Socket, info: ConnectionInfo<P, Metadata>, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.principal = info.principal;
    this.metadata = info.metadata;
    this.negotiated = info.negotiated;
    this.remoteAddress = info.remoteAddress;
    this.userAgent = info.userAgent;
    socket.open(this);
  }

  /** Whether messages still go out. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Bytes received, frames in progress included. */
  get bytesReceived(): number {
    return this.#socket.bytesReceived;
  }

  /** Bytes waiting to be sent. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Whether the buffer is below the mark. */
  get isWritable(): boolean {
    return this.#blockedSince === 0 && !this.#closed;
  }

  /**
   * Waits until {@link isWritable}: for answers so large that several at once would count as unread.
   * Resolves to `false` where the connection is gone by then.
   */
  async writable(): Promise<boolean> {
    while (this.#blockedSince !== 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        const reader: ConnectionReader = {
          onWritable: () => {
            this.removeReader(reader);
            resolve();
          },
          onDisconnected: resolve,
        };
        this.addReader(reader);
      });
    }
    return !this.#closed;
  }

  /** Since when the buffer is above the mark, on the monotonic clock in milliseconds; 0 while it is not. */
  get blockedSince(): number {
    return this.#blockedSince;
  }

  /** The time stamp of a message sent now: Unix time in seconds that never goes back within the connection. */
  timestamp(atLeast: number = now()): number {
    if (atLeast > this.#lastTimestamp) this.#lastTimestamp = atLeast;
    return this.#lastTimestamp;
  }

  /**
   * Sends one message. A client that leaves more than 1 MiB unread is closed with 4508.
   * @returns whether it was handed to the socket.
   */
  sendMessage(message: ServerMessage | CustomMessage): boolean {
    return !this.#closed && this.sendEncoded(encodeMessage(message));
  }

  /** Like {@link sendMessage}, for a message encoded once for many connections. */
  sendEncoded(encoded: string | Uint8Array): boolean {
    if (this.#closed) return false;
    // What a run has sent is bounded by its reader, which waits; only what nobody holds back is counted here.
    this.#waiting = this.#blockedSince === 0 ? 0 : this.#waiting + encoded.length;
    if (this.#waiting > MAX_WAITING) {
      this.closeAsSlow();
      return false;
    }
    this.write(encoded);
    return true;
  }

  /**
   * Sends a message of a run. Only while {@link isWritable}: its reader holds a position, not a queue.
   * @param mayWait - whether it may leave a few milliseconds later, together with what follows
   * @returns whether more may follow at once.
   */
  write(encoded: string | Uint8Array, mayWait = false): boolean {
    if (this.#closed) return false;
    if (this.#socket.send(encoded, mayWait)) return true;
    if (this.#blockedSince === 0) this.#blockedSince = performance.now();
    return false;
  }

  /**
   * Starts the closing handshake. Nothing is sent afterwards.
   * @param close - a reason of more than 123 bytes is cut at a character; a code nobody may send, such as 1006, becomes 1011.
   * @default code 1000
   */
  close(close: CloseFrame = CLOSE_CODES.normal): void {
    if (this.#closed) return;
    const { code, reason } = sendable(close);
    // First what may fail: a connection whose socket is still open must not be deaf.
    this.#socket.close(code, reason);
    this.#stop();
  }

  /** Ends the connection at once, without a handshake. A socket that throws at its end counts as closed. */
  terminate(): void {
    try {
      this.#socket.terminate();
    } catch {
      this.onClose(CLOSE_CODES.abnormal.code, '');
    }
    this.#stop();
  }

  /** Closes with 4508 and terminates a little later: the client may never read the close. */
  closeAsSlow(): void {
    if (this.#closed) return;
    this.close(CLOSE_CODES.slowConsumer);
    setTimeout(() => this.terminate(), LINGER_MS).unref();
  }

  ping(): void {
    this.#socket.ping();
  }

  /** Adds a reader: it is told when the connection is writable again and when it is gone. */
  addReader(reader: ConnectionReader): void {
    (this.#readers ??= new Set()).add(reader);
  }

  removeReader(reader: ConnectionReader): void {
    this.#readers?.delete(reader);
  }

  /** Who reads on its behalf, and who waits to send. */
  get readers(): ReadonlySet<ConnectionReader> {
    return this.#readers ?? NO_READERS;
  }

  onMessage(data: string | Uint8Array): void {
    if (this.#closed) return;
    this.messageCount++;
    this.lastActivityAt = Date.now();
    this.#owner.onMessage(this, data);
  }

  onDrain(): void {
    if (this.#blockedSince === 0 || this.#closed) return;
    this.#blockedSince = 0;
    const readers = this.#readers;
    if (readers === undefined) return;
    for (const reader of [...readers]) reader.onWritable();
    // Whoever was first goes last next time, so that no run keeps the others waiting.
    for (const first of readers) {
      readers.delete(first);
      readers.add(first);
      break;
    }
  }

  onClose(code: number, reason: string): void {
    this.#stop();
    this.#owner.onClosed(this, code, reason);
  }

  /** Takes the time our own event loop stood still out of the count of {@link blockedSince}. */
  forgive(ms: number): void {
    if (this.#blockedSince !== 0) this.#blockedSince += ms;
  }

  #stop(): void {
    if (this.#closed) return;
    this.#closed = true;
    const readers = this.#readers;
    this.#readers = undefined;
    if (readers !== undefined) for (const reader of readers) reader.onDisconnected();
  }
}

const NO_READERS: ReadonlySet<ConnectionReader> = new Set();
