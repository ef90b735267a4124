import { type AgentClient, createAgentClient } from '../../client/index.js';
import { makeClientSecret } from '../../client/client-secret.js';
import { recordSockets } from '../frames/recording-socket.js';
import { recording } from '../frames/recording.js';
import { readKept, writeKept } from '../ui/kept.js';
import { Value } from '../ui/signal.js';

export type SideName = 'A' | 'B';

/** One of the two who meet in a room: a connection of its own, and a principal of its own where nobody is authenticated. */
export class Side {
  readonly name: SideName;
  /** `undefined` while it is in no room. */
  readonly client = new Value<AgentClient | undefined>(undefined);
  /** The person dropped the connection, and it is not back yet. */
  readonly isDropped = new Value(false);
  readonly #recorder;

  constructor(name: SideName) {
    this.name = name;
    this.#recorder = recordSockets(recording.frames, name, WebSocket);
  }

  /**
   * Makes the client.
   * @throws TypeError if the endpoint is no URL of a WebSocket, or the token cannot be sent
   */
  enter(url: string, token: string): void {
    const identity = token === '' ? { clientSecret: this.#secret() } : { token: () => token };
    const client = createAgentClient({ url, WebSocket: this.#recorder.WebSocket, ...identity });
    client.on('connected', () => (this.isDropped.value = false));
    this.client.value = client;
  }

  leave(): void {
    this.client.value?.close();
    this.client.value = undefined;
    this.isDropped.value = false;
  }

  /** Loses the connection as a bad network would. */
  drop(): void {
    this.isDropped.value = true;
    this.#recorder.drop();
  }

  /** Kept, so that a person who loads the page again is the same member. */
  #secret(): string {
    const kept = readKept('sessionStorage', `room-secret-${this.name}`) ?? makeClientSecret();
    writeKept('sessionStorage', `room-secret-${this.name}`, kept);
    return kept;
  }
}

/** The two. */
export const sides = [new Side('A'), new Side('B')] as const;
