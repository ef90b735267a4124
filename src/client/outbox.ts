import { AgentClientError } from './client-error.js';

/** The connection, as {@link Outbox} sees it. */
export interface OutboxDoor {
  readonly isOpen: () => boolean;
  /** Asks for a connection, since a request waits. */
  readonly knock: () => void;
}

/** Requests that wait for a connection, in order. */
export class Outbox {
  readonly #door: OutboxDoor;
  readonly #capacity: number;
  readonly #waiting = new Map<object, () => void>();
  /** Whether everything is refused because the client was closed. */
  isClosed = false;

  constructor(capacity: number, door: OutboxDoor) {
    this.#capacity = capacity;
    this.#door = door;
  }

  /** Sends at once, or once connected. Returns the reason if the request is refused. */
  offer(owner: object, send: () => void): AgentClientError | undefined {
    if (this.isClosed) return new AgentClientError('client_closed', 'The client was closed');
    if (this.#door.isOpen()) {
      send();
      return undefined;
    }
    if (this.#waiting.size >= this.#capacity) {
      return new AgentClientError('outbox_full', `${this.#capacity} requests wait for a connection already`);
    }
    this.#waiting.set(owner, send);
    this.#door.knock();
    return undefined;
  }

  withdraw(owner: object): void {
    this.#waiting.delete(owner);
  }

  flush(): void {
    for (const [owner, send] of this.#waiting) {
      if (!this.#door.isOpen()) return;
      this.#waiting.delete(owner);
      send();
    }
  }

  clear(): void {
    this.#waiting.clear();
  }
}
