import { closeCodeInfo } from '../protocol/close-codes.js';
import { BACKOFF, MAX_ATTEMPTS, backoffMs } from './backoff.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import { Signal } from './signal.js';

/** How a connection ended. */
export interface CloseReport {
  readonly code: number;
  readonly reason: string;
  /** The person asked for it. */
  readonly wanted: boolean;
  /** The person had the connection lost, to see the page come back. */
  readonly dropped?: true;
}

export type ConnectionState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly attempt: number }
  | { readonly name: 'open'; readonly subprotocol: string }
  | { readonly name: 'closing' }
  | { readonly name: 'waiting'; readonly close: CloseReport; readonly attempt: number; readonly until: number }
  | { readonly name: 'closed'; readonly close: CloseReport; readonly gaveUp: boolean };

/** Where to connect. */
export interface Target {
  readonly url: string;
  /** What to offer, a token among it. */
  readonly protocols: readonly string[];
}

/** How long a wanted close may take before the page stops waiting for the server's half. */
const CLOSE_TIMEOUT_MS = 3_000;
/** How long a dropped connection stays away, so that one sees that it is gone. */
const DROP_MS = 1_200;

/** The page's WebSocket: connects, and comes back after a loss the way the close-code table says. */
export class Connection {
  readonly changed = new Signal<ConnectionState>();
  readonly received = new Signal<string>();
  readonly sent = new Signal<string>();
  readonly ended = new Signal<CloseReport>();

  #state: ConnectionState = { name: 'idle' };
  #socket: WebSocket | undefined;
  #target: Target | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #returnAfterMs = 0;

  constructor() {
    window.addEventListener('online', () => {
      if (this.#state.name === 'waiting') this.retryNow();
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state.name === 'open';
  }

  /**
   * Connects, leaving whatever connection there was.
   * @throws DOMException (SyntaxError) where the browser refuses the URL.
   */
  connect(target: Target): void {
    this.#abandon();
    this.#attempt = 0;
    this.#target = target;
    this.#open(target);
  }

  /** Closes with 1000, or stops trying. */
  disconnect(): void {
    const socket = this.#socket;
    if (socket === undefined) {
      this.#stopRetrying();
      return;
    }
    this.#enter({ name: 'closing' });
    socket.close(1000, 'Bye');
    this.#timer = setTimeout(() => this.#finish({ code: 1000, reason: '', wanted: true }), CLOSE_TIMEOUT_MS);
  }

  /**
   * Loses the connection, as far as a browser can: nothing is said and nothing more is heard, and it counts as lost
   * from now on. The browser itself says good-bye to the server in the background.
   */
  drop(): void {
    if (!this.isOpen) return;
    this.#returnAfterMs = DROP_MS;
    this.#socket?.close();
    this.#finish({ code: 1006, reason: '', wanted: false, dropped: true });
  }

  /** Ends the countdown early. */
  retryNow(): void {
    if (this.#state.name !== 'waiting' || this.#target === undefined) return;
    clearTimeout(this.#timer);
    this.#open(this.#target);
  }

  /** The server answered: the next loss starts counting attempts anew. */
  confirm(): void {
    this.#attempt = 0;
  }

  /** The server said when to come back after the close that follows. */
  expectReturn(afterMs: number): void {
    this.#returnAfterMs = afterMs;
  }

  /** Sends one text frame. `false` where there is no open connection. */
  send(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN || this.#state.name !== 'open') return false;
    this.#socket.send(text);
    this.sent.emit(text);
    return true;
  }

  #stopRetrying(): void {
    if (this.#state.name !== 'waiting') return;
    clearTimeout(this.#timer);
    this.#enter({ name: 'closed', close: this.#state.close, gaveUp: false });
  }

  #open(target: Target): void {
    this.#attempt++;
    const socket = new WebSocket(target.url, [...target.protocols]);
    this.#socket = socket;
    this.#enter({ name: 'connecting', attempt: this.#attempt });
    socket.onopen = () => {
      // A server that echoes something else may echo the token, which nobody is to see.
      this.#enter({ name: 'open', subprotocol: socket.protocol === SUBPROTOCOL ? SUBPROTOCOL : '' });
    };
    socket.onmessage = ({ data }) => this.received.emit(typeof data === 'string' ? data : '[binary frame]');
    socket.onclose = ({ code, reason }) => this.#finish({ code, reason, wanted: this.#state.name === 'closing' });
  }

  #finish(close: CloseReport): void {
    this.#abandon();
    this.ended.emit(close);
    const advice = closeCodeInfo(close.code)?.reconnect ?? (close.code >= 4000 ? 'no' : 'yes');
    if (close.wanted || advice === 'no' || this.#attempt >= MAX_ATTEMPTS) {
      this.#enter({ name: 'closed', close, gaveUp: !close.wanted && advice !== 'no' });
      return;
    }
    const delay = this.#returnAfterMs + backoffMs(BACKOFF[advice], this.#attempt + 1);
    this.#returnAfterMs = 0;
    this.#timer = setTimeout(() => this.retryNow(), delay);
    this.#enter({ name: 'waiting', close, attempt: this.#attempt + 1, until: performance.now() + delay });
  }

  /** Forgets the socket, so that nothing it still says is heard. */
  #abandon(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState < WebSocket.CLOSING) socket.close(1000, 'Bye');
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.changed.emit(state);
  }
}
