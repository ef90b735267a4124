import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

/** A message as received. */
export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** One connection of the client under test, as the server sees it. */
export class ScriptedPeer {
  /** What the client sent so far. */
  readonly received: Frame[] = [];
  readonly url: string;
  /** The subprotocols the client offered. */
  readonly offered: readonly string[];
  /** How the connection ended. */
  close: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.#socket = socket;
    this.url = request.url ?? '';
    this.offered = (request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/);
    socket.on('message', (data: Buffer) => this.received.push(JSON.parse(data.toString()) as Frame));
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => (this.close = { code, reason: reason.toString() }));
  }

  /** The messages of one type so far. */
  all(type: string): Frame[] {
    return this.received.filter((frame) => frame.type === type);
  }

  /** Waits for the n-th message of this type, counted from 1. */
  async next(type: string, n = 1): Promise<Frame> {
    return vi.waitUntil(() => this.all(type)[n - 1], { interval: 1 });
  }

  /** Waits until the connection has ended. */
  async closed(): Promise<{ code: number; reason: string }> {
    return vi.waitUntil(() => this.close, { interval: 1 });
  }

  /** Sends messages; a `timestamp` is added. */
  send(...messages: readonly Record<string, unknown>[]): void {
    for (const message of messages) this.#socket.send(JSON.stringify({ timestamp: 1, ...message }));
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  /** Starts the closing handshake with this code. */
  end(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** Breaks the connection: the client sees 1006. */
  drop(): void {
    this.#socket.terminate();
  }

  /** Stops reading, so that the connection is dead without being closed. */
  freeze(): void {
    this.#socket.pause();
  }
}

/** How a new connection is answered. */
export interface Welcome {
  /** A close code that is sent instead of a greeting. */
  readonly close?: number;
  /** Whether there is no greeting at all. */
  readonly silent?: boolean;
  readonly epoch?: string;
  readonly limits?: Readonly<Record<string, number>>;
  /** Whether the subprotocol is left out. */
  readonly core?: boolean;
}

const LIMITS = { message_bytes: 1_048_576, runs: 32, heartbeat_seconds: 30, detach_seconds: 60 };

/** A real WebSocket server that sends what the test tells it. */
export class ScriptedServer {
  readonly epoch = randomUUID();
  readonly peers: ScriptedPeer[] = [];
  /** How the next connections are answered, in order; later ones normally. */
  readonly welcomes: Welcome[] = [];
  /** How every later connection is answered, unless `welcomes` has an entry. */
  welcome: Welcome = {};
  #wss: WebSocketServer;
  readonly port: number;

  private constructor(wss: WebSocketServer) {
    this.#wss = wss;
    this.port = (wss.address() as AddressInfo).port;
    this.#serve(wss);
  }

  static async start(): Promise<ScriptedServer> {
    const server = new ScriptedServer(await listen(0));
    onTestFinished(() => server.stop());
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws/agent`;
  }

  /** Waits for the n-th connection, counted from 1. */
  async peer(n = 1): Promise<ScriptedPeer> {
    return vi.waitUntil(() => this.peers[n - 1], { interval: 1 });
  }

  /** Stops listening and breaks every connection. */
  async stop(): Promise<void> {
    for (const socket of this.#wss.clients) socket.terminate();
    await new Promise((resolve) => this.#wss.close(resolve));
  }

  /** Listens again on the same port. */
  async restart(): Promise<void> {
    this.#wss = await listen(this.port);
    this.#serve(this.#wss);
  }

  #serve(wss: WebSocketServer): void {
    wss.options.handleProtocols = (offered) =>
      (this.welcomes[0] ?? this.welcome).core !== true && offered.has('agent-ws.v1') ? 'agent-ws.v1' : false;
    wss.on('connection', (socket, request) => {
      const peer = new ScriptedPeer(socket, request);
      const { close, silent, epoch = this.epoch, limits } = this.welcomes.shift() ?? this.welcome;
      this.peers.push(peer);
      if (close !== undefined) peer.end(close);
      else if (silent !== true) {
        peer.send({
          type: 'connected',
          connection_id: randomUUID(),
          message: 'Connected to Agent WebSocket',
          protocol: 'agent-ws.v1',
          epoch,
          principal_id: 'anonymous',
          limits: { ...LIMITS, ...limits },
        });
      }
    });
  }
}

async function listen(port: number): Promise<WebSocketServer> {
  const wss = new WebSocketServer({ host: '127.0.0.1', port });
  await once(wss, 'listening');
  return wss;
}
