import { CLOSE_CODES, closeCodeInfo } from '../protocol/close-codes.js';
import type { CustomMessage, ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import { backoffMs, later, MAX_DELAY_MS, toldMs } from './backoff.js';
import { AgentClientError } from './client-error.js';
import { closeError, messageOf, tokenError } from './connection-errors.js';
import { defaultWebSocket } from './default-web-socket.js';
import { dial } from './dial.js';
import { parseFrame } from './frame.js';
import { Heartbeat } from './heartbeat.js';
import type { Settings } from './options.js';
import { watchReturns } from './returns.js';
import { askToken } from './token.js';
import { endSocket, OPEN, type Close, type WebSocketLike } from './web-socket.js';

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
  /** Something is wrong that ends nothing. */
  error(error: AgentClientError): void;
}

/** After so long, in milliseconds, a connection counts as one that works: the next loss starts with short waits again. */
const STABLE_MS = 5_000;
/** How long an answer may take where somebody came back, in milliseconds: a person waits for it. */
const RETURN_MS = 2_000;
/** How long the peer may take to answer the close, in milliseconds. */
const GOODBYE_MS = 3_000;
/** The least silence after which a server can have its clients ask, in milliseconds. */
const LEAST_SILENCE_MS = 100;
/** The longest a server that leaves can keep its clients away, in milliseconds. */
const MAX_AWAY_MS = 300_000;
/** So many attempts in a row have no token before it is told: one may meet a deploy. */
const TOKEN_FAILURES = 3;
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
  #tokenFailures = 0;
  #greeting: ServerMessageOf<'connected'> | undefined;
  #upAt = 0;
  #awayUntil: number | undefined;
  #hasAskedForNewToken = false;
  /** When somebody came back to a connection that seemed to be there. */
  #returnedAt = -Infinity;
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
      this.#attempt = this.#failures = this.#tokenFailures = 0;
      this.#hasAskedForNewToken = false;
      this.#unwatch?.();
      this.#unwatch = watchReturns(
        () => this.#returned(),
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
    this.#awayUntil = performance.now() + Math.min(toldMs(afterMs, 0), MAX_AWAY_MS);
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
    if (isOver()) return;
    const settings = this.#settings;
    let token: string | undefined;
    try {
      if (settings.token !== undefined) token = await askToken(settings);
    } catch (cause) {
      if (!isOver()) this.#fail(ABNORMAL, tokenError(cause));
      return;
    }
    try {
      const WebSocket = settings.WebSocket ?? (await defaultWebSocket());
      if (!isOver()) this.#listen(dial(settings, WebSocket, token));
    } catch (cause) {
      if (isOver()) return;
      this.#abandon(ABNORMAL);
      const message = messageOf(cause) ?? 'The WebSocket cannot be made';
      this.#giveUp(new AgentClientError('protocol_error', message, { cause }), ABNORMAL, false);
    }
  }

  #listen(socket: WebSocketLike): void {
    this.#socket = socket;
    const isCurrent = (): boolean => this.#socket === socket;
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('message', ({ data }) => {
      if (!isCurrent()) return;
      try {
        this.#receive(data);
      } catch (cause) {
        // In Node an error thrown here would end the process, for what a server said wrongly.
        if (isCurrent()) this.#refuse('The server sent a message that breaks the protocol', cause);
      }
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (isCurrent()) this.#ended({ code, reason });
    });
  }

  #receive(data: unknown): void {
    const message = parseFrame(data);
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
    const { pongTimeoutMs } = this.#settings;
    const toldSilence = toldMs(greeting.limits.heartbeat_seconds * 1000, 0) || 30_000;
    this.#heartbeat = new Heartbeat(
      this.#settings.silenceMs ?? Math.max(toldSilence, LEAST_SILENCE_MS),
      pongTimeoutMs,
      {
        ask: () => this.send('{"type":"ping"}'),
        dead: () => this.#fail(UNANSWERED),
      },
    );
    this.#enter('connected', () => this.#events.up(greeting));
    this.#events.message(greeting);
  }

  #refuse(message: string, cause?: unknown): void {
    const wasUp = this.#state === 'connected';
    this.#abandon(UNANSWERED);
    this.#giveUp(new AgentClientError('protocol_error', message, { cause }), UNANSWERED, wasUp);
  }

  /** Ends the attempt or connection from this side, and comes back. */
  #fail(close: Close, error?: AgentClientError): void {
    this.#abandon(close);
    this.#ended(ABNORMAL, error);
  }

  /** @param tokenError - why the attempt had no token */
  #ended(close: Close, tokenError?: AgentClientError): void {
    const wasUp = this.#state === 'connected';
    this.#failures = wasUp ? 0 : this.#failures + 1;
    this.#tokenFailures = tokenError === undefined ? 0 : this.#tokenFailures + 1;
    if (wasUp && performance.now() - this.#upAt >= STABLE_MS) this.#attempt = 0;
    this.#abandon(close);
    const advice = this.#advice(close.code);
    if (advice === 'no') {
      this.#giveUp(closeError(close), close, wasUp);
    } else if (this.#failures >= this.#settings.maxAttempts) {
      const message = `The server did not answer in ${this.#failures} attempts`;
      const error = tokenError ?? new AgentClientError('unreachable', message, { closeCode: close.code });
      this.#giveUp(error, close, wasUp);
    } else {
      this.#wait(close, wasUp, advice);
      if (tokenError !== undefined && this.#tokenFailures === TOKEN_FAILURES) this.#events.error(tokenError);
    }
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
    // A browser tells that the connection of a page is gone only after it brought the page back.
    const isReturn = wasUp && advice === 'yes' && performance.now() - this.#returnedAt < 2 * RETURN_MS;
    this.#returnedAt = -Infinity;
    const ceiling = advice === 'later' ? later(backoff) : backoff;
    const pause = isReturn ? 0 : backoffMs(ceiling, Math.max(1, this.#attempt));
    const delayMs = Math.min(Math.round(away) + pause, MAX_DELAY_MS);
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

  /** What failed before says little now, so that the waits are short again. */
  #returned(): void {
    this.#attempt = 0;
    this.#returnedAt = performance.now();
    if (this.#state === 'waiting') void this.#try();
    else this.#heartbeat?.probe(Math.min(RETURN_MS, this.#settings.pongTimeoutMs));
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
    endSocket(socket, { code, reason }, code === UNANSWERED.code ? 0 : GOODBYE_MS);
  }

  /** What the client does comes before what listeners do, who may connect or close in the middle of it. */
  #enter(state: ConnectionState, react?: () => void): void {
    this.#state = state;
    react?.();
    if (this.#state === state) this.#events.state(state);
  }
}
