import { linkSockets, type LinkedSocket } from '../../../src/testing/index.js';
import type { Engine } from '../../unit/run/harness.js';
import { RunReader, type Wire } from './run-reader.js';

/** A reader in memory, and its current connection. */
export class LinkedClient {
  readonly reader: RunReader;
  /** The error of the first wrong message. */
  failure: unknown;
  /** What happened to the reader, for the report of a failure. */
  readonly story: string[] = [];
  readonly #engine: Engine;
  readonly #owner: string;
  #socket: LinkedSocket | undefined;

  constructor(engine: Engine, owner: string, runId: string) {
    this.#engine = engine;
    this.#owner = owner;
    this.reader = new RunReader(runId);
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** Whether there is nothing to wait for. */
  get isDone(): boolean {
    return this.failure !== undefined || this.reader.end !== undefined;
  }

  /** @param mark - unsent bytes above which the server must wait */
  connect(mark: number): void {
    const [server, socket] = linkSockets({ mark });
    socket.open({
      onMessage: (data) => {
        if (socket === this.#socket) this.#receive(String(data));
      },
      onDrain: () => undefined,
      onClose: (code) => {
        if (socket !== this.#socket) return;
        this.story.push(`closed with ${code}`);
        this.cut();
      },
    });
    this.#socket = socket;
    const principal = { id: this.#owner };
    this.#engine.connections.connect(server, { principal, metadata: undefined, negotiated: true });
  }

  send(message: object): void {
    this.story.push(`> ${JSON.stringify(message)}`);
    this.#socket?.send(JSON.stringify(message));
  }

  /** Loses the connection and the messages in transit. */
  cut(): void {
    this.story.push(`cut at ${this.reader.position}`);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
    this.reader.disconnected();
  }

  pause(): void {
    this.story.push('pause');
    this.#socket?.pause();
  }

  unpause(): void {
    this.story.push('unpause');
    this.#socket?.resume();
  }

  #receive(data: string): void {
    this.story.push(`< ${data.slice(0, 150)}`);
    try {
      this.reader.receive(JSON.parse(data) as Wire);
    } catch (error) {
      this.failure ??= error;
    }
  }
}
