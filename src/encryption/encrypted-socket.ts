import { isUtf8 } from 'node:buffer';
import type { Socket, SocketListener } from '../connection/socket.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import { Opener, Sealer } from './directions.js';
import { agree } from './key-agreement.js';
import type { MessageKeys } from './message-keys.js';

/** How long a client may take to send its key, in milliseconds. */
const KEY_TIMEOUT_MS = 5_000;

/** What {@link EncryptedSocket} takes. */
export interface EncryptedSocketOptions {
  readonly keys: MessageKeys;
  /** Size of one decrypted message, in bytes. */
  readonly maxMessageBytes: number;
  /** Called once the keys are agreed on. It opens the socket before it returns. */
  readonly ready: (socket: Socket) => void;
}

/** A socket whose messages are encrypted on another socket. */
export class EncryptedSocket implements Socket, SocketListener {
  readonly #socket: Socket;
  readonly #options: EncryptedSocketOptions;
  readonly #timer: NodeJS.Timeout;
  #listener: SocketListener | undefined;
  #sealer: Sealer | undefined;
  #opener: Opener | undefined;
  #closing = false;

  /** Opens `socket` and waits for the key of the client. */
  constructor(socket: Socket, options: EncryptedSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#timer = setTimeout(() => this.#refuse(CLOSE_CODES.handshakeTimeout), KEY_TIMEOUT_MS);
    socket.open(this);
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  get bytesReceived(): number {
    return this.#socket.bytesReceived;
  }

  get unfinishedBytes(): number {
    return this.#socket.unfinishedBytes ?? 0;
  }

  open(listener: SocketListener): void {
    this.#listener = listener;
  }

  send(text: string | Uint8Array, mayWait?: boolean): boolean {
    if (this.#closing || this.#sealer === undefined) return true;
    return this.#socket.send(this.#sealer.seal(text), mayWait);
  }

  pause(): void {
    this.#socket.pause?.();
  }

  resume(): void {
    this.#socket.resume?.();
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#closing = true;
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#closing = true;
    this.#socket.terminate();
  }

  onMessage(data: string | Uint8Array): void {
    if (this.#closing) return;
    if (this.#opener === undefined) return this.#agree(data);
    const bytes = typeof data === 'string' ? this.#opener.open(data) : undefined;
    if (bytes === undefined) this.#refuse(CLOSE_CODES.undecryptable);
    else if (bytes.length > this.#options.maxMessageBytes) this.#refuse(CLOSE_CODES.tooBig);
    else if (!isUtf8(bytes)) this.#refuse(CLOSE_CODES.invalidText);
    else this.#listener?.onMessage(bytes.toString());
  }

  onDrain(): void {
    this.#listener?.onDrain();
  }

  onClose(code: number, reason: string): void {
    this.#closing = true;
    clearTimeout(this.#timer);
    this.#listener?.onClose(code, reason);
  }

  #agree(frame: string | Uint8Array): void {
    const agreement = agree(frame, this.#options.keys);
    if (agreement === 'unknown') return this.#refuse(CLOSE_CODES.unknownKey);
    if (agreement === 'malformed') return this.#refuse(CLOSE_CODES.undecryptable);
    clearTimeout(this.#timer);
    this.#socket.send(agreement.answer);
    this.#sealer = new Sealer(agreement.fromServer);
    this.#opener = new Opener(agreement.fromClient);
    this.#options.ready(this);
  }

  /** Closes because of what the client sent; nothing that it sends later is read. */
  #refuse({ code, reason }: CloseCodeInfo): void {
    clearTimeout(this.#timer);
    this.close(code, reason);
  }
}
