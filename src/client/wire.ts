import { LIMITS } from '../protocol/version.js';
import type { AgentClientError } from './client-error.js';
import type { Connection } from './connection.js';
import { isTooBig, tooBigError } from './frame.js';
import type { Outbox } from './outbox.js';
import type { OwnMessage } from './own-message.js';

/** Something sent that the server has said nothing about. */
export interface Unanswered {
  /** Of its frame, in UTF-16 units. */
  readonly size: number;
  /** Gives it up: the server does not take a message of this size. */
  readonly refuse: (error: AgentClientError) => void;
}

/** The way to the server, as those use it who send and wait for replies. */
export class Wire {
  readonly outbox: Outbox;
  readonly #connection: Connection;
  #requests = 0;

  constructor(connection: Connection, outbox: Outbox) {
    this.#connection = connection;
    this.outbox = outbox;
  }

  get isUp(): boolean {
    return this.#connection.state === 'connected';
  }

  /** Whether new work may be sent. */
  get isReady(): boolean {
    return this.#connection.isReady;
  }

  /** The identity of the server's store, while the connection is up. */
  get epoch(): string | undefined {
    return this.#connection.greeting?.epoch;
  }

  /** Sends a message. Gives the reason where it is not sent because it is too big. */
  send(message: OwnMessage): AgentClientError | undefined {
    const text = JSON.stringify(message);
    const maxBytes = this.#connection.greeting?.limits.message_bytes ?? LIMITS.messageBytes;
    if (isTooBig(text, maxBytes)) return tooBigError();
    this.#connection.send(text);
    return undefined;
  }

  /** A `request_id` no other message of this client has. */
  nextId(): string {
    return `r${++this.#requests}`;
  }
}
