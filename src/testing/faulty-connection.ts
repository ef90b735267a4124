import { connect, type Socket } from 'node:net';
import { checkCutKind, checkFaults, type CutKind, type FaultDirection, type Faults } from './faults.js';
import { FaultyPipe } from './faulty-pipe.js';

/** How long the ends of a connection that is cut by FIN may take to close, in milliseconds. */
const LINGER_MS = 1_000;

/** One connection through a {@link FaultProxy}. */
export class FaultyConnection {
  /** Number of the connection, counted from 0. */
  readonly index: number;
  /** Resolves when both sockets are closed. */
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #up: FaultyPipe;
  readonly #down: FaultyPipe;
  #cut = false;

  /** @internal */
  constructor(index: number, client: Socket, port: number) {
    this.index = index;
    this.#client = client;
    // Half-open like the client's socket: the end of one direction is forwarded, not answered.
    this.#target = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const cut = (by: CutKind): void => this.cut(by);
    this.#up = new FaultyPipe(client, this.#target, cut);
    this.#down = new FaultyPipe(this.#target, client, cut);
    const sockets = [client, this.#target];
    const closes = sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
    this.closed = Promise.all(closes).then(() => undefined);
  }

  /** Bytes forwarded so far. */
  get bytes(): Readonly<Record<FaultDirection, number>> {
    return { up: this.#up.forwarded, down: this.#down.forwarded };
  }

  /**
   * Changes what happens to the connection from now on.
   * @throws OptionError if a fault breaks its rule.
   */
  apply(faults: Faults): void {
    checkFaults(faults);
    const { cutAfter, delayMs, bytesPerSecond, stalled } = faults;
    for (const pipe of [this.#up, this.#down]) {
      if (delayMs !== undefined) pipe.delayMs = delayMs;
      if (bytesPerSecond !== undefined) pipe.bytesPerSecond = bytesPerSecond;
      if (stalled !== undefined) pipe.stalled = stalled;
    }
    if (cutAfter === undefined) return;
    const pipe = cutAfter.direction === 'up' ? this.#up : this.#down;
    pipe.cutAfter(cutAfter.bytes, cutAfter.by);
  }

  /** Ends the connection now. Bytes in transit are lost. */
  cut(by: CutKind): void {
    checkCutKind('by', by);
    if (this.#cut) return;
    this.#cut = true;
    this.#up.stop();
    this.#down.stop();
    for (const socket of [this.#client, this.#target]) {
      if (by === 'rst') socket.resetAndDestroy();
      else socket.end();
    }
    if (by === 'rst') return;
    const timer = setTimeout(() => {
      this.#client.destroy();
      this.#target.destroy();
    }, LINGER_MS);
    void this.closed.then(() => clearTimeout(timer));
  }

  /** Forwards nothing any more; both ends stay open. */
  stall(): void {
    this.apply({ stalled: true });
  }

  /** Forwards again, beginning with the bytes that waited. */
  resume(): void {
    this.apply({ stalled: false });
  }
}
