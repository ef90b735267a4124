import { AgentClientError } from './client-error.js';
import type { Settings } from './options.js';
import type { Requests } from './requests.js';
import { askToken } from './token.js';

/** The least time between two tokens, in milliseconds: a server that always says that they end must cost no flood of requests. */
const LEAST_MS = 500;

/** How long to wait after a failure that may be over soon, in milliseconds, and how often to try again after one notice. */
const RETRY_MS = 2_000;
const RETRIES = 15;

/** What {@link Renewal} needs of the session. */
export interface RenewalDoor {
  /** The connection that can be sent to now; `undefined` if there is none. */
  readonly connection: () => object | undefined;
  /** The server refused newer credentials: it will close the connection. */
  readonly refused: (error: AgentClientError) => void;
}

/** Renews the credentials of an open connection when the server says that they end. */
export class Renewal {
  readonly #settings: Settings;
  readonly #requests: Requests;
  readonly #door: RenewalDoor;
  /** The connection whose credentials are being renewed: a function `token` that hangs costs no other connection. */
  #busy: object | undefined;
  /** When the last token was asked for. */
  #askedAt = -Infinity;
  /** Failures in a row over this connection. */
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: Settings, requests: Requests, door: RenewalDoor) {
    this.#settings = settings;
    this.#requests = requests;
    this.#door = door;
  }

  /** Asks for a token and sends it. If there is none, the server closes the connection, and the next one needs a token. */
  async renew(): Promise<void> {
    const now = performance.now();
    const connection = this.#door.connection();
    if (this.#settings.token === undefined || connection === undefined || connection === this.#busy) return;
    if (now < this.#askedAt + LEAST_MS) return;
    this.#askedAt = now;
    this.#busy = connection;
    await this.#send(connection);
    if (this.#busy === connection) this.#busy = undefined;
  }

  async #send(connection: object): Promise<void> {
    let token: string | undefined;
    try {
      token = await askToken({ ...this.#settings, tokenIn: 'message' });
    } catch {
      // The same error is told if it lasts until the next connection.
      this.#retry(connection);
      return;
    }
    // A token may be good for one use, and a new connection has its own.
    if (token === undefined || this.#door.connection() !== connection) return;
    try {
      await this.#requests.ask({ type: 'auth', token }, 'authenticated', { isRepeatable: false });
      this.#failures = 0;
    } catch (error) {
      if (AgentClientError.isInstance(error) && error.retryable && this.#retry(connection)) return;
      const isRefusal = AgentClientError.isInstance(error) && error.code !== 'connection_lost';
      if (isRefusal && error.code !== 'client_closed') this.#door.refused(error);
    }
  }

  /** The connection is lost or closed. */
  down(): void {
    clearTimeout(this.#timer);
    this.#failures = 0;
  }

  /** Tries again soon if the connection lasts. Returns whether it does not give up. */
  #retry(connection: object): boolean {
    if (this.#door.connection() !== connection || ++this.#failures > RETRIES) return false;
    this.#timer = setTimeout(() => void this.renew(), RETRY_MS);
    return true;
  }
}
