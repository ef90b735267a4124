import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { checkNumber } from '../runtime/check-number.js';
import { DEFAULT_PATH } from '../protocol/version.js';
import { checkFaults, type CutKind, type Faults } from './faults.js';
import { FaultyConnection } from './faulty-connection.js';

/** What {@link FaultProxy.start} takes. */
export interface FaultProxyOptions {
  /** The port behind the proxy, on 127.0.0.1. */
  target: number;
  /**
   * Decides what happens to a connection, counted from 0, in addition to what was applied to all.
   * @default nothing
   */
  onConnection?: (index: number) => Faults | 'refuse' | undefined;
}

/**
 * A TCP proxy that does to connections what networks do: it cuts them at any byte, delays, slows down, stalls and
 * refuses them. Put the proxy in front of a server to test whether clients cope.
 *
 * @example
 * const proxy = await FaultProxy.start({ target: port });
 * const client = await TestClient.connect(proxy.url());
 * proxy.cutAll('rst');
 */
export class FaultProxy {
  /** The port the proxy listens on, at 127.0.0.1. */
  readonly port: number;
  /** Whether new connections are reset as soon as they are made. */
  refuses = false;
  /** See {@link FaultProxyOptions.onConnection}; may be changed at any time. */
  onConnection: FaultProxyOptions['onConnection'];
  readonly #server: Server;
  readonly #connections = new Set<FaultyConnection>();
  #target = 0;
  #faults: Faults = {};
  #count = 0;
  #closed: Promise<unknown> | undefined;

  private constructor(server: Server, { target, onConnection }: FaultProxyOptions) {
    this.target = target;
    this.onConnection = onConnection;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /**
   * Starts a proxy on a free port.
   * @throws OptionError if an option breaks its rule.
   */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    checkPort(options.target);
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server, options);
  }

  /** The port of the target, on 127.0.0.1. If nothing listens there, new connections are reset. */
  get target(): number {
    return this.#target;
  }

  set target(port: number) {
    this.#target = checkPort(port);
  }

  /** The open connections, oldest first. */
  get connections(): ReadonlySet<FaultyConnection> {
    return this.#connections;
  }

  /** The URL of a WebSocket endpoint behind the proxy. */
  url(path: string = DEFAULT_PATH): string {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  /**
   * Changes what happens to all connections, present and future.
   * @throws OptionError if a fault breaks its rule.
   */
  apply(faults: Faults): void {
    checkFaults(faults);
    this.#faults = { ...this.#faults, ...faults };
    for (const connection of this.#connections) connection.apply(faults);
  }

  /** Ends every open connection now. */
  cutAll(by: CutKind): void {
    for (const connection of this.#connections) connection.cut(by);
  }

  /** Forwards nothing any more, on present and future connections; all stay open. */
  stall(): void {
    this.apply({ stalled: true });
  }

  /** Forwards again, beginning with the bytes that waited. */
  resume(): void {
    this.apply({ stalled: false });
  }

  /** Resets every connection and stops listening. */
  async close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = once(this.#server, 'close');
      this.#server.close();
      this.cutAll('rst');
    }
    await this.#closed;
  }

  #accept(socket: Socket): void {
    const index = this.#count++;
    socket.on('error', () => undefined);
    const faults = this.refuses ? 'refuse' : this.onConnection?.(index);
    if (faults === 'refuse') {
      socket.resetAndDestroy();
      return;
    }
    const connection = new FaultyConnection(index, socket, this.#target);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    connection.apply(this.#faults);
    if (faults !== undefined) connection.apply(faults);
  }
}

function checkPort(port: number): number {
  return checkNumber('target', port, { least: 1, most: 65_535, integer: true });
}
