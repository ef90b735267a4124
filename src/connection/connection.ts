import { randomUUID } from 'node:crypto';
import { CLOSE_CODES } from '../protocol/close-codes.js';
import { encodeMessage, now } from '../protocol/encode.js';
import type { CustomMessage, ServerMessage } from '../protocol/server-messages.js';
import type { Accounts } from '../runtime/account-shares.js';
import type { TraceContext } from '../runtime/trace.js';
import { sendable, type CloseFrame } from './close-frame.js';
import { accountsOf, EXPIRES_AT, isExpiresAt, isPrincipalId, payerOf, type Principal } from './principal.js';
import type { Socket, SocketListener } from './socket.js';

/** Maximum size of messages outside of runs that wait while the buffer is above the mark, in UTF-16 units or bytes. */
const MAX_WAITING = 1_048_576;

/** The same, above which nothing more is read from the client until it reads: its answers would wait as well. */
const MAX_ANSWERS_WAITING = 65_536;

/** What the shortest message costs while it waits, in bytes: the queues of a socket hold more than the text. */
const MESSAGE_BYTES = 1_024;

/** How long a closed slow consumer may take to read the close before it is terminated. */
const LINGER_MS = 2_000;

/** What is known of a connection when it is created. */
export interface ConnectionInfo<P extends Principal = Principal, Metadata = unknown> {
  /** Owner of the connection and the runs it starts. */
  readonly principal: P;
  /** The embedder's metadata. */
  readonly metadata: Metadata;
  /** Whether the client negotiated the subprotocol and understands more than the documented core. */
  readonly negotiated: boolean;
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** The trace that the handshake named (W3C Trace Context). */
  readonly trace?: TraceContext | undefined;
}

/** Something that reads on behalf of a connection, such as a subscription to the log of a run. */
export interface ConnectionReader {
  /** The connection accepts data again. */
  onWritable(): void;
  /** The connection is gone. */
  onDisconnected(): void;
}

/** Gets the events of a connection: its manager. */
export interface ConnectionOwner {
  onMessage(connection: Connection, data: string | Uint8Array): void;
  onClosed(connection: Connection, code: number, reason: string): void;
  /** The connection has newer credentials. */
  onRenewed(connection: Connection): void;
}

/**
 * One accepted socket, from `connected` to close. Has no timers and no closures, so that ten thousand idle connections
 * are cheap.
 */
export class Connection<P extends Principal = Principal, Metadata = unknown> implements SocketListener {
  /** A UUID. */
  readonly id = randomUUID();
  readonly metadata: Metadata;
  readonly negotiated: boolean;
  readonly remoteAddress: string | undefined;
  readonly userAgent: string | undefined;
  /** The trace of the connection: that of its handshake, or the span of the connection itself. */
  trace: TraceContext | undefined;
  /** When the connection was accepted, in Unix milliseconds. */
  readonly connectedAt = Date.now();
  /** When the last message arrived, in Unix milliseconds. */
  lastActivityAt = this.connectedAt;
  /** Messages received. */
  messageCount = 0;
  /** Number of messages whose handlers are not done: each costs memory that no queue counts. */
  unanswered = 0;
  /** The last piece of ordered work, while it is pending; see `inTurn`. The promise never rejects. */
  turn: Promise<void> | undefined;

  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #principal: P;
  #accounts: Accounts | undefined;
  #payer: string | undefined;
  #readers: Set<ConnectionReader> | undefined;
  #closed = false;
  #lastTimestamp = 0;
  /** Since when the buffer is above the mark, in milliseconds of the monotonic clock; 0 while it is below. */
  #blockedSince = 0;
  /** Size of the messages outside of runs that were sent since then. */
  #waiting = 0;
  /** Whether nothing is read, since the client asks more than it reads. */
  #isPaused = false;

  constructor(socket: Socket, info: ConnectionInfo<P, Metadata>, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#principal = info.principal;
    this.metadata = info.metadata;
    this.negotiated = info.negotiated;
    this.remoteAddress = info.remoteAddress;
    this.userAgent = info.userAgent;
    this.trace = info.trace;
    socket.open(this);
  }

  /** The owner of the connection and of the runs it starts. */
  get principal(): P {
    return this.#principal;
  }

  /**
   * Replaces the principal by newer credentials of the same one: other scopes, a later `expiresAt`. Requests that follow
   * use them; runs in progress keep the principal they were started with.
   * @throws TypeError if the principal has another id, or its `expiresAt` is no number
   */
  renew(principal: P): void {
    if (!isPrincipalId(principal.id) || principal.id !== this.#principal.id) {
      throw new TypeError('A connection is renewed with credentials of its own principal');
    }
    if (!isExpiresAt(principal.expiresAt)) throw new TypeError(`The "expiresAt" of a principal is ${EXPIRES_AT}`);
    this.#principal = principal;
    if (!this.#closed) this.#owner.onRenewed(this);
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Under which names counts what the connection has. */
  get accounts(): Accounts {
    return (this.#accounts ??= accountsOf(this.#principal.id, this.remoteAddress));
  }

  /** Under which name counts what the connection makes the server keep. */
  get payer(): string {
    return (this.#payer ??= payerOf(this.#principal, this.remoteAddress));
  }

  /** Bytes received, including frames in progress. */
  get bytesReceived(): number {
    return this.#socket.bytesReceived;
  }

  /** Bytes that wait to be sent. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Bytes held of a message whose end has not come. */
  get unfinishedBytes(): number {
    return this.#socket.unfinishedBytes ?? 0;
  }

  /** Whether the buffer is below the mark. */
  get isWritable(): boolean {
    return this.#blockedSince === 0 && !this.#closed;
  }

  /**
   * Waits until {@link isWritable}, for answers so large that several at once would count as unread. Resolves to
   * `false` if the connection is gone by then.
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

  /** Since when the buffer is above the mark, on the monotonic clock in milliseconds; 0 while it is below. */
  get blockedSince(): number {
    return this.#blockedSince;
  }

  /** Whether nothing is read from the client, since it asks more than it reads. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Time stamp of a message that is sent now: Unix time in seconds that never decreases within the connection. */
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
    // Messages of runs are not counted, since their readers wait for the buffer to empty.
    this.#waiting = this.#blockedSince === 0 ? 0 : this.#waiting + Math.max(encoded.length, MESSAGE_BYTES);
    if (this.#waiting > MAX_WAITING) {
      this.closeAsSlow();
      return false;
    }
    if (this.#waiting > MAX_ANSWERS_WAITING && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause?.();
    }
    this.write(encoded);
    return true;
  }

  /**
   * Sends a message of a run. Only while {@link isWritable}: the reader has a position, not a queue.
   * @param mayWait - whether the message may be sent a few milliseconds later, together with following ones
   * @returns whether more may be sent at once.
   */
  write(encoded: string | Uint8Array, mayWait = false): boolean {
    if (this.#closed) return false;
    if (this.#socket.send(encoded, mayWait)) return true;
    if (this.#blockedSince === 0) this.#blockedSince = performance.now();
    return false;
  }

  /**
   * Starts the closing handshake. Nothing is sent afterwards.
   * @param close - a reason of more than 123 bytes is cut between characters; a code that must not be sent, such as
   * 1006, becomes 1011.
   * @default code 1000
   */
  close(close: CloseFrame = CLOSE_CODES.normal): void {
    if (this.#closed) return;
    const { code, reason } = sendable(close);
    // The socket comes first, since it may throw: a connection with an open socket must stay usable.
    this.#socket.close(code, reason);
    // The client's answer to the close comes after what it has sent before.
    if (this.#isPaused) this.#socket.resume?.();
    this.#stop();
  }

  /** Ends the connection at once, without a handshake. If the socket throws, it counts as closed. */
  terminate(): void {
    try {
      this.#socket.terminate();
    } catch {
      this.onClose(CLOSE_CODES.abnormal.code, '');
    }
    this.#stop();
  }

  /** Closes with 4508 and terminates a little later, since the client may never read the close. */
  closeAsSlow(): void {
    this.cutOff(CLOSE_CODES.slowConsumer);
  }

  /** Closes and terminates a little later, for a client that may go on all the same. */
  cutOff(close: CloseFrame): void {
    if (this.#closed) return;
    this.close(close);
    setTimeout(() => this.terminate(), LINGER_MS).unref();
  }

  ping(): void {
    this.#socket.ping();
  }

  /** Adds a reader, which learns when the connection is writable again and when it is gone. */
  addReader(reader: ConnectionReader): void {
    (this.#readers ??= new Set()).add(reader);
  }

  removeReader(reader: ConnectionReader): void {
    this.#readers?.delete(reader);
  }

  /** The readers of the connection, and what waits to send on it. */
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
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume?.();
    }
    const readers = this.#readers;
    if (readers === undefined) return;
    for (const reader of [...readers]) reader.onWritable();
    // The first reader becomes the last one for the next time, so that no run blocks the others.
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

  /** Does not count time during which our own event loop was blocked in {@link blockedSince}. */
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
