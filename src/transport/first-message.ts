import type { Duplex } from 'node:stream';
import type { Socket, SocketListener } from '../connection/socket.js';
import { clientMessages, type ClientMessageOf } from '../protocol/client-messages.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import { checkMessage, decodeFrame } from '../protocol/decode.js';
import { limitInput, TOO_MUCH } from './input-limit.js';

/** A client whose handshake is complete and who has not proved who it is. */
export interface UnknownClient {
  readonly socket: Socket;
  readonly raw: Duplex;
  /** How long the client may take, whatever it sends meanwhile, in milliseconds. */
  readonly timeoutMs: number;
  /** Bytes that are read of it, frames included. */
  readonly mostBytes: number;
  /** Holds all that wait. */
  readonly all: Set<FirstMessage>;
  /** Called with the first message. Until it resolves, the client has to wait, and `isHere` says whether it does. */
  readonly onAuth: (message: ClientMessageOf<'auth'>, isHere: () => boolean) => Promise<void>;
  /** Called at most once: the client is too late, sent another message, or too much. */
  readonly onRefused: (refusal: CloseCodeInfo) => void;
}

/** Listens to a socket until a connection opens it again. Understands nothing but one `auth`, and sends nothing. */
export class FirstMessage implements SocketListener {
  readonly #client: UnknownClient;
  readonly #timer: NodeJS.Timeout;
  readonly #unlimit: () => void;
  #state: 'waiting' | 'checking' | 'over' = 'waiting';

  constructor(client: UnknownClient) {
    this.#client = client;
    this.#timer = setTimeout(() => this.#refuse(CLOSE_CODES.handshakeTimeout), client.timeoutMs);
    client.all.add(this);
    client.socket.open(this);
    const { socket, raw, mostBytes } = client;
    this.#unlimit = limitInput(socket, raw, mostBytes, () => this.#refuse(TOO_MUCH));
  }

  /** Refuses the client, since the service ends. */
  stop(): void {
    this.#refuse(CLOSE_CODES.goingAway);
  }

  onMessage(data: string | Uint8Array): void {
    const message = this.#state === 'waiting' ? authOf(data) : undefined;
    if (message === undefined) return this.#refuse(CLOSE_CODES.unauthorized);
    this.#state = 'checking';
    clearTimeout(this.#timer);
    const end = (): void => this.#end();
    void this.#client
      .onAuth(message, () => this.#state === 'checking')
      .then(end, () => this.#client.socket.terminate());
  }

  onDrain(): void {
    // Nothing was sent.
  }

  onClose(): void {
    this.#end();
  }

  #refuse(refusal: CloseCodeInfo): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#client.onRefused(refusal);
  }

  #end(): void {
    this.#state = 'over';
    this.#client.all.delete(this);
    clearTimeout(this.#timer);
    this.#unlimit();
  }
}

function authOf(data: string | Uint8Array): ClientMessageOf<'auth'> | undefined {
  try {
    const envelope = decodeFrame(data);
    return envelope.type === 'auth' ? checkMessage(clientMessages.auth, envelope) : undefined;
  } catch {
    return undefined;
  }
}
