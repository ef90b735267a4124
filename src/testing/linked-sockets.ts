import type { Socket, SocketListener } from '../connection/socket.js';

/** One end of two linked sockets. */
export interface LinkedSocket extends Socket {
  /** Stops reading: messages of the other end stay in its buffer. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /** Sends a binary message, which {@link Socket.send} does not. */
  sendBinary(data: Uint8Array): void;
}

/** What {@link linkSockets} takes. */
export interface LinkOptions {
  /**
   * Unsent bytes above which `send` returns `false`.
   * @default 262144
   */
  mark?: number | undefined;
}

/**
 * Two sockets in memory, connected to each other: what one sends, the other receives in order, a microtask later. Pass
 * one to `ConnectionManager.connect` and act as the client with the other.
 */
export function linkSockets({ mark = 262_144 }: LinkOptions = {}): [LinkedSocket, LinkedSocket] {
  const a = new MemorySocket(mark);
  const b = new MemorySocket(mark);
  a.peer = b;
  b.peer = a;
  return [a, b];
}

class MemorySocket implements LinkedSocket {
  peer: MemorySocket | undefined;
  bufferedAmount = 0;
  bytesReceived = 0;
  readonly #mark: number;
  readonly #inbox: (string | Uint8Array)[] = [];
  #listener: SocketListener | undefined;
  #paused = false;
  #scheduled = false;
  /** Whether nothing more is sent or received. */
  #closed = false;
  /** How the socket ends once everything that arrived before has been read. */
  #end: { readonly code: number; readonly reason: string } | undefined;

  constructor(mark: number) {
    this.#mark = mark;
  }

  open(listener: SocketListener): void {
    this.#listener = listener;
    if (this.#closed) this.#tellClosed();
    else this.#schedule();
  }

  send(text: string | Uint8Array): boolean {
    return this.#transmit(typeof text === 'string' ? text : new TextDecoder().decode(text));
  }

  sendBinary(data: Uint8Array): void {
    this.#transmit(data);
  }

  ping(): void {
    // A living peer answers a ping with bytes of its own.
    queueMicrotask(() => {
      if (!this.#closed && this.peer !== undefined && !this.peer.#paused) this.bytesReceived += 6;
    });
  }

  close(code: number, reason: string): void {
    this.#finish(code, reason);
  }

  terminate(): void {
    this.#finish(1006, '');
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  #transmit(data: string | Uint8Array): boolean {
    if (this.#closed || this.peer === undefined) return true;
    this.bufferedAmount += data.length;
    this.peer.#inbox.push(data);
    this.peer.#schedule();
    return this.bufferedAmount < this.#mark;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#read();
    });
  }

  #read(): void {
    while (!this.#paused && !this.#closed && this.#listener !== undefined) {
      const data = this.#inbox.shift();
      if (data === undefined) {
        if (this.#end !== undefined) this.#finish(this.#end.code, this.#end.reason);
        return;
      }
      this.bytesReceived += data.length;
      const { peer } = this;
      if (peer !== undefined) peer.#sent(data.length);
      this.#listener.onMessage(data);
    }
  }

  #sent(bytes: number): void {
    this.bufferedAmount -= bytes;
    if (this.bufferedAmount === 0 && !this.#closed) this.#listener?.onDrain();
  }

  #finish(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#end = { code, reason };
    if (this.#listener !== undefined) this.#tellClosed();
    const { peer } = this;
    if (peer === undefined || peer.#closed) return;
    peer.#end ??= this.#end;
    peer.#schedule();
  }

  #tellClosed(): void {
    queueMicrotask(() => {
      if (this.#end !== undefined) this.#listener?.onClose(this.#end.code, this.#end.reason);
    });
  }
}
