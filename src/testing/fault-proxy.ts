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
 * A TCP proxy that does to connections what networks do: it cuts them at any byte, delays, slows, stalls and refuses
 * them. Put a server behind it and see whether its clients come through.
 *
 * @example
 * const proxy = await FaultProxy.start({ target: port });
 * const client = await TestClient.connect(proxy.url());
 * proxy.cutAll('rst');
 */
export class FaultProxy {
  /** Where it listens, on 127.0.0.1. */
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
   * Starts one on a free port.
   * @throws OptionError where an option breaks its rule.
   */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    checkPort(options.target);
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server, options);
  }

  /** Where new connections go: a port on 127.0.0.1. Where nobody listens there, they are reset. */
  get target(): number {
    return this.#target;
  }

  set target(port: number) {
    this.#target = checkPort(port);
  }

  /** The connections that are open, oldest first. */
  get connections(): ReadonlySet<FaultyConnection> {
    return this.#connections;
  }

  /** The address of a WebSocket endpoint behind it. */
  url(path: string = DEFAULT_PATH): string {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  /**
   * Changes what happens to all connections, those that are open and those to come.
   * @throws OptionError where a fault breaks its rule.
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

  /** Forwards nothing more, of connections to come neither; all stay open. */
  stall(): void {
    this.apply({ stalled: true });
  }

  /** Forwards again, what waited first. */
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
