import { CLOSE_CODES, closeCodeInfo } from '../protocol/close-codes.js';
import type { CustomMessage, ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import { backoffMs, later } from './backoff.js';
import { AgentClientError } from './client-error.js';
import { dial } from './dial.js';
import { Heartbeat } from './heartbeat.js';
import { watchNetwork } from './network.js';
import type { Settings } from './options.js';
import { OPEN, type Close, type WebSocketLike } from './web-socket.js';

/**
 * Where the client stands. `idle`: nothing has asked for a connection yet. `waiting`: between two attempts.
 * `closed`: by `close()`, after which only `connect()` begins anew, or given up, after which the next request does too.
 */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';

/** What {@link Connection} tells its owner. */
export interface ConnectionEvents {
  state(state: ConnectionState): void;
  /** The server greeted. */
  up(greeting: ServerMessageOf<'connected'>): void;
  message(message: ServerMessage | CustomMessage): void;
  /** An established connection ended, or an attempt failed. */
  down(close: Close, wasUp: boolean): void;
  waiting(attempt: number, delayMs: number): void;
  /** There will be no further attempt. */
  over(error: AgentClientError): void;
  /** An attempt failed before it reached the network. */
  error(error: unknown): void;
}

/** After so long, in milliseconds, a connection counts as one that works: the next loss starts with short waits again. */
const STABLE_MS = 5_000;
/** Said where the client ends a connection that does not answer; the server may never read it. */
const UNANSWERED: Close = { code: 4000, reason: 'No answer' };
const ABNORMAL: Close = { code: CLOSE_CODES.abnormal.code, reason: '' };

/** One connection to the server for as long as it is wanted: it comes back after a loss as the close code says. */
export class Connection {
  readonly #settings: Settings;
  readonly #events: ConnectionEvents;
  #state: ConnectionState = 'idle';
  #socket: WebSocketLike | undefined;
  /** Counts attempts, so that what an abandoned one still does is not heard. */
  #round = 0;
  /** Attempts since a connection held, for the length of the wait; those that failed in a row. */
  #attempt = 0;
  #failures = 0;
  #greeting: ServerMessageOf<'connected'> | undefined;
  #upAt = 0;
  #awayUntil: number | undefined;
  #hasAskedForNewToken = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: Heartbeat | undefined;
  #unwatch: (() => void) | undefined;

  constructor(settings: Settings, events: ConnectionEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The greeting of the connection that is up. */
  get greeting(): ServerMessageOf<'connected'> | undefined {
    return this.#state === 'connected' ? this.#greeting : undefined;
  }

  /** Whether new work may be sent: the connection is up and the server did not say that it is leaving. */
  get isReady(): boolean {
    return this.#state === 'connected' && this.#awayUntil === undefined;
  }

  /** Connects, or ends the wait for the next attempt. */
  open(): void {
    if (this.#state === 'connecting' || this.#state === 'connected') return;
    if (this.#state !== 'waiting') {
      this.#attempt = this.#failures = 0;
      this.#hasAskedForNewToken = false;
      this.#unwatch?.();
      this.#unwatch = watchNetwork(
        () => this.#networkChanged(),
        () => this.#heartbeat?.probe(),
      );
    }
    void this.#try();
  }

  /** Sends a frame, where the connection is up. */
  send(text: string): void {
    if (this.#state === 'connected' && this.#socket?.readyState === OPEN) this.#socket.send(text);
  }

  /** The server leaves: nothing new is sent, and after its close the client comes back when it was told to. */
  leaveBy(afterMs: number): void {
    this.#awayUntil = performance.now() + afterMs;
  }

  /** Ends the connection for good. */
  close(): void {
    if (this.#state === 'closed') return;
    const { code, reason } = CLOSE_CODES.normal;
    const wasUp = this.#state === 'connected';
    this.#abandon({ code, reason });
    this.#giveUp(new AgentClientError('client_closed', 'The client was closed'), { code, reason }, wasUp);
  }

  async #try(): Promise<void> {
    clearTimeout(this.#timer);
    const round = ++this.#round;
    const isOver = (): boolean => round !== this.#round;
    this.#attempt++;
    this.#timer = setTimeout(() => this.#fail(UNANSWERED), this.#settings.connectTimeoutMs);
    this.#enter('connecting');
    const { token } = this.#settings;
    let proof: string | undefined;
    try {
      if (token !== undefined && !isOver()) proof = await token();
    } catch (error) {
      if (!isOver()) this.#events.error(error);
      if (!isOver()) this.#fail(ABNORMAL);
      return;
    }
    if (isOver()) return;
    try {
      this.#listen(dial(this.#settings, proof));
    } catch (cause) {
      this.#abandon(ABNORMAL);
      const message = cause instanceof Error ? cause.message : 'The WebSocket cannot be made';
      this.#giveUp(new AgentClientError('protocol_error', message, { cause }), ABNORMAL, false);
    }
  }

  #listen(socket: WebSocketLike): void {
    this.#socket = socket;
    const isCurrent = (): boolean => this.#socket === socket;
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('message', ({ data }) => {
      if (isCurrent()) this.#receive(data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (isCurrent()) this.#ended({ code, reason });
    });
  }

  #receive(data: unknown): void {
    const message = parse(data);
    if (message === undefined) {
      this.#refuse('The server sent something that is no message');
      return;
    }
    this.#heartbeat?.heard();
    if (this.#state === 'connected') this.#events.message(message);
    else if (message.type === 'connected') this.#greeted(message as ServerMessageOf<'connected'>);
  }

  #greeted(greeting: ServerMessageOf<'connected'>): void {
    if (this.#socket?.protocol !== SUBPROTOCOL) {
      this.#refuse(`The server does not speak ${SUBPROTOCOL}`);
      return;
    }
    clearTimeout(this.#timer);
    this.#greeting = greeting;
    this.#upAt = performance.now();
    this.#hasAskedForNewToken = false;
    const { silenceMs = greeting.limits.heartbeat_seconds * 1000 || 30_000, pongTimeoutMs } = this.#settings;
    this.#heartbeat = new Heartbeat(silenceMs, pongTimeoutMs, {
      ask: () => this.send('{"type":"ping"}'),
      dead: () => this.#fail(UNANSWERED),
    });
    this.#enter('connected', () => this.#events.up(greeting));
    this.#events.message(greeting);
  }

  #refuse(message: string): void {
    const wasUp = this.#state === 'connected';
    this.#abandon(UNANSWERED);
    this.#giveUp(new AgentClientError('protocol_error', message), UNANSWERED, wasUp);
  }

  /** Ends the attempt or connection from this side, and comes back. */
  #fail(close: Close): void {
    this.#abandon(close);
    this.#ended(ABNORMAL);
  }

  #ended(close: Close): void {
    const wasUp = this.#state === 'connected';
    this.#failures = wasUp ? 0 : this.#failures + 1;
    if (wasUp && performance.now() - this.#upAt >= STABLE_MS) this.#attempt = 0;
    this.#abandon(close);
    const advice = this.#advice(close.code);
    if (advice === 'no') {
      this.#giveUp(closeError(close), close, wasUp);
    } else if (this.#failures >= this.#settings.maxAttempts) {
      const message = `The server did not answer in ${this.#failures} attempts`;
      this.#giveUp(new AgentClientError('unreachable', message, { closeCode: close.code }), close, wasUp);
    } else this.#wait(close, wasUp, advice);
  }

  #advice(code: number): 'no' | 'yes' | 'later' {
    if (code === CLOSE_CODES.unauthorized.code && this.#settings.token !== undefined && !this.#hasAskedForNewToken) {
      this.#hasAskedForNewToken = true;
      return 'yes';
    }
    return closeCodeInfo(code)?.reconnect ?? (code >= 4000 ? 'no' : 'yes');
  }

  #wait(close: Close, wasUp: boolean, advice: 'yes' | 'later'): void {
    const { backoff } = this.#settings;
    const away = Math.max(0, (this.#awayUntil ?? 0) - performance.now());
    const attempt = this.#attempt + 1;
    const delayMs =
      Math.round(away) + backoffMs(advice === 'later' ? later(backoff) : backoff, Math.max(1, this.#attempt));
    this.#awayUntil = undefined;
    this.#timer = setTimeout(() => void this.#try(), delayMs);
    this.#enter('waiting', () => this.#events.down(close, wasUp));
    if (this.#state === 'waiting') this.#events.waiting(attempt, delayMs);
  }

  #giveUp(error: AgentClientError, close: Close, wasUp: boolean): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#awayUntil = undefined;
    this.#enter('closed', () => {
      this.#events.down(close, wasUp);
      this.#events.over(error);
    });
  }

  #networkChanged(): void {
    if (this.#state === 'waiting') void this.#try();
    else this.#heartbeat?.probe();
  }

  /** Forgets the socket, so that nothing it still says is heard. */
  #abandon({ code, reason }: Close): void {
    this.#round++;
    clearTimeout(this.#timer);
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.readyState > OPEN) return;
    socket.close(code, reason);
    // A peer that is gone would keep the socket open until the closing handshake times out.
    if (code === UNANSWERED.code) socket.terminate?.();
  }

  /** What the client does comes before what listeners do, who may connect or close in the middle of it. */
  #enter(state: ConnectionState, react?: () => void): void {
    this.#state = state;
    react?.();
    if (this.#state === state) this.#events.state(state);
  }
}

function parse(data: unknown): ServerMessage | CustomMessage | undefined {
  try {
    const message: unknown = JSON.parse(String(data));
    const isMessage = typeof message === 'object' && message !== null && 'type' in message;
    return isMessage && typeof message.type === 'string' ? (message as CustomMessage) : undefined;
  } catch {
    return undefined;
  }
}

function closeError({ code, reason }: Close): AgentClientError {
  const said = reason === '' ? closeCodeInfo(code)?.meaning : reason;
  const message = `The server closed the connection with ${code}${said === undefined ? '' : `: ${said}`}`;
  const isUnauthorized = code === CLOSE_CODES.unauthorized.code;
  const refusal = isUnauthorized ? 'unauthorized' : code === CLOSE_CODES.forbidden.code && 'forbidden';
  return new AgentClientError(refusal || 'connection_closed', message, { closeCode: code });
}
