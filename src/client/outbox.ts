import { AgentClientError } from './client-error.js';

/** What {@link Outbox} asks about the connection. */
export interface OutboxDoor {
  readonly isOpen: () => boolean;
  /** Somebody waits: connect. */
  readonly knock: () => void;
}

/** What could not be sent yet, in the order it was asked for. */
export class Outbox {
  readonly #door: OutboxDoor;
  readonly #capacity: number;
  readonly #waiting = new Map<object, () => void>();
  /** Refuses everything: the client was closed. */
  isClosed = false;

  constructor(capacity: number, door: OutboxDoor) {
    this.#capacity = capacity;
    this.#door = door;
  }

  /** Sends at once, or when there is a connection. Gives the reason where it takes nothing. */
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
