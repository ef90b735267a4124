import type { AgentClientError } from './client-error.js';
import type { Greeting } from './client-events.js';
import type { AgentClient } from './client.js';
import type { ConnectionState } from './connection.js';
import { Store } from './react-store.js';

/** What the connection of a client shows. */
export interface ConnectionView {
  readonly state: ConnectionState;
  /** What the server said of itself when this client connected last: `greeting.attachments` says what it takes. */
  readonly greeting: Greeting | undefined;
  /** The attempt that comes next while `state` is `waiting`, counted since a connection that held. */
  readonly attempt: number | undefined;
  /** How long it waited for from when it began to wait, in milliseconds. */
  readonly delayMs: number | undefined;
  /** Why the client gave up, or what the server refused that belongs to no run, since it connected last. */
  readonly error: AgentClientError | undefined;
}

/** The connection of a client. */
export class ConnectionStore extends Store<ConnectionView> {
  readonly #client: AgentClient;
  #wait: { readonly attempt: number; readonly delayMs: number } | undefined;
  #error: AgentClientError | undefined;
  #offs: readonly (() => void)[] = [];

  constructor(client: AgentClient) {
    super(viewOf(client, undefined, undefined));
    this.#client = client;
  }

  protected override start(): void {
    this.#offs = [
      this.#client.on('state', () => this.changed()),
      this.#client.on('connected', () => {
        this.#error = undefined;
        this.changed();
      }),
      this.#client.on('reconnecting', (wait) => {
        this.#wait = wait;
        this.changed();
      }),
      this.#client.on('error', (error) => {
        this.#error = error;
        this.changed();
      }),
    ];
    // Something may have changed before.
    this.changed();
  }

  protected override stop(): void {
    for (const off of this.#offs) off();
  }

  protected override look(): ConnectionView {
    return viewOf(this.#client, this.#wait, this.#error);
  }
}

function viewOf(
  { state, greeting }: AgentClient,
  wait: { readonly attempt: number; readonly delayMs: number } | undefined,
  error: AgentClientError | undefined,
): ConnectionView {
  const { attempt, delayMs } = (state === 'waiting' ? wait : undefined) ?? {};
  return { state, greeting, attempt, delayMs, error };
}
