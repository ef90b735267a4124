import type { AgentClientError } from './client-error.js';
import type { Greeting } from './client-events.js';
import type { AgentClient } from './client.js';
import type { ConnectionState } from './connection.js';
import { Store } from './react-store.js';

/** The state of a client's connection. */
export interface ConnectionView {
  readonly state: ConnectionState;
  /** What the server said of itself at the latest connection: `greeting.attachments` has the limits of attachments. */
  readonly greeting: Greeting | undefined;
  /** Number of the next attempt while `state` is `waiting`, counted since the last stable connection. */
  readonly attempt: number | undefined;
  /** Length of the wait, in milliseconds from its beginning. */
  readonly delayMs: number | undefined;
  /** Why the client gave up, or an error of the server that belongs to no run, since the latest connection. */
  readonly error: AgentClientError | undefined;
}

/** The connection of a client. */
export class ConnectionStore extends Store<ConnectionView> {
  readonly #client: AgentClient;
  #wait: { readonly attempt: number; readonly delayMs: number } | undefined;
  #error: AgentClientError | undefined;
  #offs: readonly (() => void)[] = [];

  constructor(client: AgentClient) {
    super(viewOf({ state: 'idle', greeting: undefined }, undefined, undefined), viewOf(client, undefined, undefined));
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
    // The connection may have changed before this store listened.
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
  { state, greeting }: Pick<AgentClient, 'state' | 'greeting'>,
  wait: { readonly attempt: number; readonly delayMs: number } | undefined,
  error: AgentClientError | undefined,
): ConnectionView {
  const { attempt, delayMs } = (state === 'waiting' ? wait : undefined) ?? {};
  return { state, greeting, attempt, delayMs, error };
}
