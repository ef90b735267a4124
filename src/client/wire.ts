import { LIMITS } from '../protocol/version.js';
import type { AgentClientError } from './client-error.js';
import type { Connection } from './connection.js';
import { isTooBig, tooBigError } from './frame.js';
import type { Outbox } from './outbox.js';
import type { OwnMessage } from './own-message.js';

/** A sent message without an answer. */
export interface Unanswered {
  /** Length of its frame in UTF-16 units, roughly. */
  readonly size: number;
  /** Fails the message, since the server does not accept its size. */
  readonly refuse: (error: AgentClientError) => void;
}

/** The connection as requests and runs use it. */
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

  /** Identity of the server's store while connected. */
  get epoch(): string | undefined {
    return this.#connection.greeting?.epoch;
  }

  /** Sends a message. Returns the reason if the message is too big to be sent. */
  send(message: OwnMessage): AgentClientError | undefined {
    return this.sendFrame(JSON.stringify(message));
  }

  /** Like {@link send}, for a message that is encoded. */
  sendFrame(text: string): AgentClientError | undefined {
    const maxBytes = this.#connection.greeting?.limits.message_bytes ?? LIMITS.messageBytes;
    if (isTooBig(text, maxBytes)) return tooBigError();
    this.#connection.send(text);
    return undefined;
  }

  /** A `request_id` that no other message of this client has. */
  nextId(): string {
    return `r${++this.#requests}`;
  }
}
