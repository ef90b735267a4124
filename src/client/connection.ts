import { CLOSE_CODES, closeCodeInfo } from '../protocol/close-codes.js';
import type { CustomMessage, ServerMessage, ServerMessageOf } from '../protocol/server-messages.js';
import { SUBPROTOCOL } from '../protocol/version.js';
import { backoffMs, later, MAX_DELAY_MS, toldMs } from './backoff.js';
import { AgentClientError } from './client-error.js';
import { closeError, messageOf, tokenError } from './connection-errors.js';
import { defaultWebSocket } from './default-web-socket.js';
import { dial, type Dialled } from './dial.js';
import { parseFrame } from './frame.js';
import { Heartbeat } from './heartbeat.js';
import type { Settings } from './options.js';
import { watchReturns } from './returns.js';
import { askToken } from './token.js';
import { endSocket, OPEN, type Close, type WebSocketLike } from './web-socket.js';

/**
 * The state of the connection. `idle`: not used yet. `waiting`: between two attempts. `closed`: after `close()`, only
 * `connect()` starts again; after giving up, the next request does, too.
 */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';

/** What {@link Connection} calls. */
export interface ConnectionEvents {
  state(state: ConnectionState): void;
  /** The server sent `connected`. */
  up(greeting: ServerMessageOf<'connected'>): void;
  message(message: ServerMessage | CustomMessage): void;
  /** An established connection ended, or an attempt failed. */
  down(close: Close, wasUp: boolean): void;
  waiting(attempt: number, delayMs: number): void;
  /** There will be no further attempt. */
  over(error: AgentClientError): void;
  /** An error that ends nothing. */
  error(error: AgentClientError): void;
}

/** Time after which a connection counts as stable, in milliseconds: the next loss starts with short waits again. */
const STABLE_MS = 5_000;
/** Time limit of the check after a return, in milliseconds. It is short, since a person waits. */
const RETURN_MS = 2_000;
/** Time limit of the peer's answer to a close, in milliseconds. */
const GOODBYE_MS = 3_000;
/** Minimum of the heartbeat interval that a server may set, in milliseconds. */
const LEAST_SILENCE_MS = 100;
/** Maximum time that a leaving server can keep its clients away, in milliseconds. */
const MAX_AWAY_MS = 300_000;
/** Number of consecutive attempts without a token before an error is reported: one may fail during a deployment. */
const TOKEN_FAILURES = 3;
/** The close of a connection that does not answer; the server may never read it. */
const UNANSWERED: Close = { code: 4000, reason: 'No answer' };
const ABNORMAL: Close = { code: CLOSE_CODES.abnormal.code, reason: '' };

/**
 * The connection to the server as long as it is wanted. After a loss, the close code decides whether and when it
 * reconnects.
 */
export class Connection {
  readonly #settings: Settings;
  readonly #events: ConnectionEvents;
  #state: ConnectionState = 'idle';
  #socket: WebSocketLike | undefined;
  /** Number of the current attempt: events of earlier attempts are ignored. */
  #round = 0;
  /** Attempts since a stable connection, for the length of the wait. `#failures` counts consecutive failures. */
  #attempt = 0;
  #failures = 0;
  #tokenFailures = 0;
  #greeting: ServerMessageOf<'connected'> | undefined;
  #upAt = 0;
  #awayUntil: number | undefined;
  #hasAskedForNewToken = false;
  /** When a person or the network returned while the connection seemed open. */
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

  /** The `connected` message of the open connection. */
  get greeting(): ServerMessageOf<'connected'> | undefined {
    return this.#state === 'connected' ? this.#greeting : undefined;
  }

  /** Whether new work may be sent: the client is connected and the server has not announced that it leaves. */
  get isReady(): boolean {
    return this.#state === 'connected' && this.#awayUntil === undefined;
  }

  /** Connects now, also during a wait for the next attempt. */
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

  /** Sends a frame if the client is connected. */
  send(text: string): void {
    if (this.#state === 'connected' && this.#socket?.readyState === OPEN) this.#socket.send(text);
  }

  /** Notes that the server leaves: the client sends no new work, and reconnects after the given time. */
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

  #listen({ socket, proof: token }: Dialled): void {
    this.#socket = socket;
    const isCurrent = (): boolean => this.#socket === socket;
    if (token !== undefined) {
      socket.addEventListener('open', () => isCurrent() && socket.send(JSON.stringify({ type: 'auth', token })));
    }
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('message', ({ data }) => {
      if (!isCurrent()) return;
      try {
        this.#receive(data);
      } catch (cause) {
        // In Node, an error thrown here would end the process because of an invalid message.
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

  /** Ends the attempt or connection from this side, and reconnects. */
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
    // A browser reports the loss of a page's connection only after it has restored the page.
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

  /** Earlier failures say little now, so the waits become short again. */
  #returned(): void {
    this.#attempt = 0;
    this.#returnedAt = performance.now();
    if (this.#state === 'waiting') void this.#try();
    else this.#heartbeat?.probe(Math.min(RETURN_MS, this.#settings.pongTimeoutMs));
  }

  /** Drops the socket and ignores its later events. */
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

  /** `react` runs before the listeners of the state, since a listener may connect or close. */
  #enter(state: ConnectionState, react?: () => void): void {
    this.#state = state;
    react?.();
    if (this.#state === state) this.#events.state(state);
  }
}
