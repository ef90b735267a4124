import type { WebSocketLike } from '../../../src/client/index.js';

type Listener = (event: { readonly data: unknown; readonly code: number; readonly reason: string }) => void;

/** A WebSocket without a network, for the tests in which time is made up. */
export class FakeSocket implements WebSocketLike {
  /** Every socket that was opened, in order. */
  static opened: FakeSocket[] = [];

  readonly url: string;
  readonly offered: readonly string[];
  readonly sent: Record<string, unknown>[] = [];
  readonly closedWith: number[] = [];
  readyState = 0;
  protocol = '';
  readonly #listeners = new Map<string, Listener[]>();

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.offered = protocols;
    FakeSocket.opened.push(this);
  }

  static get last(): FakeSocket {
    const last = FakeSocket.opened.at(-1);
    if (last === undefined) throw new Error('Nothing was opened');
    return last;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(code = 1005): void {
    this.closedWith.push(code);
    this.readyState = 2;
  }

  /** The handshake is done. */
  open(): void {
    this.readyState = 1;
    this.#emit('open', undefined);
  }

  /** The server greets. */
  greet(fields: Record<string, unknown> = {}): void {
    this.readyState = 1;
    this.protocol = 'agent-ws.v1';
    this.say({ type: 'connected', epoch: 'e', limits: { message_bytes: 1_000, heartbeat_seconds: 20 }, ...fields });
  }

  say(message: Record<string, unknown>): void {
    this.#emit('message', JSON.stringify(message));
  }

  /** The connection is over. */
  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.#emit('close', undefined, code, reason);
  }

  #emit(type: string, data: unknown, code = 0, reason = ''): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data, code, reason });
  }
}
