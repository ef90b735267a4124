import { WebSocket } from 'ws';
import type { ClientMessageInput } from '../protocol/client-messages.js';
import {
  TERMINAL_TYPES,
  type ServerMessage,
  type ServerMessageOf,
  type ServerMessageType,
} from '../protocol/server-messages.js';
import { SUBPROTOCOL } from '../protocol/version.js';

/** What {@link TestClient.connect} takes. */
export interface TestClientOptions {
  /**
   * Whether to negotiate the subprotocol. Without it, the client speaks the documented core.
   * @default true
   */
  negotiate?: boolean | undefined;
  /**
   * Further subprotocols to offer: a token, or a client secret.
   * @default []
   */
  protocols?: readonly string[] | undefined;
  /** Further headers of the handshake. */
  headers?: Record<string, string> | undefined;
  /**
   * How long a wait may take before it fails, in milliseconds.
   * @default 10000
   */
  timeoutMs?: number | undefined;
}

/** How a connection ended. */
export interface TestClose {
  readonly code: number;
  readonly reason: string;
}

interface Waiter {
  readonly accepts: (message: ServerMessage) => boolean;
  readonly resolve: (message: ServerMessage) => void;
  /** `end` is set if the connection ended; otherwise the time ran out. */
  readonly reject: (end: TestClose | undefined) => void;
}

/** What a test may do with the raw socket. */
export interface TestSocket {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** The subprotocol the server chose; empty for none. */
  readonly protocol: string;
  /** The extensions the server agreed to. */
  readonly extensions: string;
  /** Called for every ping or pong that arrives. */
  on(event: 'ping' | 'pong', listener: () => void): unknown;
  /** Called for the next ping or pong. */
  once(event: 'ping' | 'pong', listener: () => void): unknown;
  /** Sends a text frame, or bytes as a binary one. */
  send(data: string | Uint8Array): void;
  /** Stops reading: messages of the server stay in buffers. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /** Starts the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Ends the connection without a handshake. */
  terminate(): void;
}

/** A WebSocket client for tests: it records every message, and a test can wait for a certain message. */
export class TestClient {
  /** The raw socket, for everything that this class does not offer. */
  readonly socket: TestSocket;
  /** Every message so far, in order. */
  readonly messages: ServerMessage[] = [];
  /** Every message as the text that was received. */
  readonly frames: string[] = [];
  /** Resolves when the connection is closed. */
  readonly closed: Promise<TestClose>;
  readonly #timeoutMs: number;
  readonly #waiters = new Set<Waiter>();
  #end: TestClose | undefined;

  private constructor(url: string, options: TestClientOptions) {
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    const protocols = [...(options.negotiate === false ? [] : [SUBPROTOCOL]), ...(options.protocols ?? [])];
    const socket = new WebSocket(url, protocols, { headers: options.headers });
    this.socket = socket;
    this.closed = new Promise((resolve) =>
      socket.once('close', (code: number, reason: Buffer) => {
        this.#end = { code, reason: reason.toString() };
        for (const waiter of this.#waiters) waiter.reject(this.#end);
        resolve(this.#end);
      }),
    );
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => this.#receive(data.toString()));
  }

  /** Connects and waits for `connected`. Rejects if the connection ends before. */
  static async connect(url: string, options: TestClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(url, options);
    try {
      await client.next('connected');
    } catch (error) {
      client.socket.terminate();
      throw error;
    }
    return client;
  }

  /** Connects and waits for the close, as a refused client sees it. Rejects if the connection does not end in time. */
  static async refused(url: string, options: TestClientOptions = {}): Promise<TestClose> {
    const client = new TestClient(url, options);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        client.socket.terminate();
        reject(new Error(`Not refused within ${client.#timeoutMs} ms`));
      }, client.#timeoutMs);
    });
    try {
      return await Promise.race([client.closed, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The `connected` message. */
  get connected(): ServerMessageOf<'connected'> {
    const first = this.messages.find((message) => message.type === 'connected');
    if (first === undefined) throw new Error('Not connected yet');
    return first;
  }

  /** Sends a message of the protocol, or any other object. */
  send(message: ClientMessageInput | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Sends a text frame as it is. */
  sendRaw(text: string): void {
    this.socket.send(text);
  }

  /** The messages of one type so far. */
  all<T extends ServerMessageType>(type: T): ServerMessageOf<T>[] {
    return this.messages.filter((message) => message.type === type) as ServerMessageOf<T>[];
  }

  /**
   * Waits for a message of this type that came after the first `since` messages; resolves at once if it is here
   * already. Rejects if it does not come in time or the connection ends.
   */
  async next<T extends ServerMessageType>(
    type: T,
    accepts: (message: ServerMessageOf<T>) => boolean = () => true,
    since = 0,
  ): Promise<ServerMessageOf<T>> {
    const matches = (message: ServerMessage): boolean =>
      message.type === type && accepts(message as ServerMessageOf<T>);
    const here = this.messages.slice(since).find(matches);
    return (here ?? (await this.#wait(matches, type))) as ServerMessageOf<T>;
  }

  /** Sends a request with a new `request_id` and waits for the final message of its run, or for the refusal. */
  async ask(request: Record<string, unknown>): Promise<ServerMessage> {
    const since = this.messages.length;
    const requestId = `ask-${since}-${Math.random()}`;
    this.send({ ...request, request_id: requestId });
    let runId: string | undefined;
    return this.#waitFrom(since, 'the end of the run', (message) => {
      if ('request_id' in message && message.request_id === requestId && 'run_id' in message) runId = message.run_id;
      if (message.type === 'error' && message.request_id === requestId && message.seq === undefined) return true;
      return runId !== undefined && 'run_id' in message && message.run_id === runId && isEnd(message);
    });
  }

  /** The text of a run so far. */
  text(runId: string): string {
    return this.all('stream_chunk')
      .filter((chunk) => chunk.run_id === runId)
      .map((chunk) => chunk.content)
      .join('');
  }

  /** Closes the connection and waits until it is closed. */
  async close(code = 1000): Promise<TestClose> {
    this.socket.close(code);
    return this.closed;
  }

  #receive(frame: string): void {
    const message = JSON.parse(frame) as ServerMessage;
    this.frames.push(frame);
    this.messages.push(message);
    for (const waiter of this.#waiters) {
      if (waiter.accepts(message)) waiter.resolve(message);
    }
  }

  async #waitFrom(since: number, what: string, accepts: Waiter['accepts']): Promise<ServerMessage> {
    const here = this.messages.slice(since).find(accepts);
    return here ?? this.#wait(accepts, what);
  }

  #wait(accepts: Waiter['accepts'], what: string): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#missing(what, this.#end));
        return;
      }
      const timer = setTimeout(() => waiter.reject(undefined), this.#timeoutMs);
      const waiter: Waiter = {
        accepts,
        resolve: (message) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(message);
        },
        reject: (end) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          reject(this.#missing(what, end));
        },
      };
      this.#waiters.add(waiter);
    });
  }

  #missing(what: string, end: TestClose | undefined): Error {
    const why = end === undefined ? `within ${this.#timeoutMs} ms` : `before the end: ${end.code} ${end.reason}`.trim();
    const got = this.messages.map((message) => message.type).slice(-20);
    return new Error(`No ${what} ${why}; the last messages were: ${got.join(', ')}`);
  }
}

function isEnd(message: ServerMessage): boolean {
  return TERMINAL_TYPES.has(message.type) && 'seq' in message && message.seq !== undefined;
}
