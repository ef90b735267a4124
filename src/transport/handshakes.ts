import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectionInfo } from '../connection/connection.js';
import type { ConnectionManager } from '../connection/connection-manager.js';
import type { Slot } from '../connection/places.js';
import { isReservedId, ROOM_PREFIX, type Principal } from '../connection/principal.js';
import type { Socket } from '../connection/socket.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { BoundedLog } from '../runtime/bounded-log.js';
import type { Logger } from '../runtime/logger.js';
import { traceOf } from '../runtime/trace.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import { ENCRYPTED_SUBPROTOCOL, SUBPROTOCOL } from '../protocol/version.js';
import { answer, ignoreError } from './answer.js';
import { claim } from './upgrade-events.js';
import { offeredProtocols, type WsAcceptor } from './ws-socket.js';

/** How long a refused client may take to read the close code, in milliseconds. */
const LINGER_MS = 1_000;

/** Maximum number of refused clients that are being told the close code; others get HTTP 503. */
const MAX_LINGERING = 64;

/** Encryption of the messages of a connection. */
export interface MessageEncryption {
  /** Whether clients that do not encrypt are refused. */
  readonly isRequired: boolean;
  /** Agrees with the client on keys and then calls `ready` with the socket of decrypted messages. */
  readonly protect: (socket: Socket, ready: (socket: Socket) => void) => void;
}

/** What {@link Handshakes} takes. */
export interface HandshakeOptions<P extends Principal, Metadata> {
  readonly acceptor: WsAcceptor;
  readonly connections: ConnectionManager<P, Metadata>;
  /** Whether Host and Origin of a request are allowed; otherwise it gets 403. The function logs the reason. */
  readonly isAllowed: (request: IncomingMessage) => boolean;
  /** Address of the client, also behind proxies. */
  readonly remoteAddress: (request: IncomingMessage) => string | undefined;
  /** Seconds after which refused clients may come back, while the service ends; otherwise `undefined`. */
  readonly retryAfter: () => number | undefined;
  /** The principal of the request; `null` refuses it. */
  readonly authenticate: (request: IncomingMessage) => P | null | Promise<P | null>;
  readonly authenticateTimeoutMs: number;
  /** Encryption of messages; `undefined` if the server does not offer it. */
  readonly encryption: MessageEncryption | undefined;
  readonly metadata: (request: IncomingMessage, principal: P) => Metadata;
  readonly logger: Logger;
  /** Gets the log lines of refused handshakes. */
  readonly refusals: BoundedLog;
}

/** The handshakes of one endpoint, from the upgrade request to the connection. */
export class Handshakes<P extends Principal, Metadata> {
  readonly #options: HandshakeOptions<P, Metadata>;
  /** Functions that end the waits for the hook. */
  readonly #waiting = new Set<(why: Error) => void>();
  /** Bytes written to each socket when its handshake arrived: more bytes mean that somebody else has answered. */
  readonly #written = new WeakMap<Duplex, number>();
  /** Sockets that agree on keys. */
  readonly #agreeing = new Set<Socket>();
  #lingering = 0;

  constructor(options: HandshakeOptions<P, Metadata>) {
    this.#options = options;
  }

  /** Answers a handshake, whatever its path. Never throws. */
  readonly handle = (request: IncomingMessage, raw: Duplex, head: Buffer): void => {
    const { connections, isAllowed, authenticate, remoteAddress } = this.#options;
    if (isAnswered(raw)) return this.#report('Another listener answered a handshake before it came here.');
    raw.on('error', ignoreError);
    claim(raw, this.#reportSecondAnswer);
    this.#written.set(raw, writtenTo(raw));
    if (!isAllowed(request)) {
      this.#tell(request, 'access');
      return answer(raw, 403);
    }
    if (this.#isRefusedAtEnd(request, raw)) return;
    if (!this.#agreesOnEncryption(request)) return this.#refuse(request, raw, head, CLOSE_CODES.encryptionRequired);
    const slot = connections.reserve(remoteAddress(request));
    if (slot === undefined) return this.#refuse(request, raw, head, CLOSE_CODES.overCapacity);
    // A client that leaves, at any time, frees its place.
    // The slot's own function: a new one would keep the request in memory as long as the connection lasts.
    raw.once('close', slot.release);
    // If nothing needs to wait, the handshake is done in the same tick.
    let principal: P | null | Promise<P | null>;
    try {
      principal = authenticate(request);
    } catch (error) {
      return this.#reject(request, raw, head, slot, error);
    }
    if (!isThenable(principal)) return this.#finish(request, raw, head, slot, principal);
    void this.#wait(Promise.resolve(principal), raw).then(
      (resolved) => this.#finish(request, raw, head, slot, resolved),
      (error: unknown) => this.#reject(request, raw, head, slot, error),
    );
  };

  /** Refuses handshakes that wait for the hook or for keys. */
  stop(): void {
    for (const stop of this.#waiting) stop(ENDED);
    const { code, reason } = CLOSE_CODES.goingAway;
    for (const socket of this.#agreeing) socket.close(code, reason);
  }

  /** Waits for the hook up to the time limit, and notices if the client leaves. */
  async #wait(principal: Promise<P | null>, raw: Duplex): Promise<P | null> {
    // Nobody reads the socket yet, so its end shows only here. Early data stays for the connection.
    const onReadable = (): void => {
      if (raw.readableLength === 0) raw.destroy();
    };
    raw.on('readable', onReadable);
    let stop: (why: Error) => void = () => undefined;
    const stopped = new Promise<never>((_, reject) => (stop = reject));
    this.#waiting.add(stop);
    const timer = setTimeout(stop, this.#options.authenticateTimeoutMs, TIMED_OUT);
    try {
      return await Promise.race([principal, stopped]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(stop);
      raw.off('readable', onReadable);
    }
  }

  #finish(request: IncomingMessage, raw: Duplex, head: Buffer, slot: Slot, principal: P | null): void {
    const { acceptor, connections, remoteAddress, metadata, logger } = this.#options;
    // While waiting, the client may have left or the service may have begun to end.
    if (this.#isGone(raw)) return slot.release();
    const refusal = this.#refusalOf(principal);
    if (refusal !== undefined || principal === null) {
      slot.release();
      return this.#refuse(request, raw, head, refusal ?? CLOSE_CODES.unauthorized);
    }
    if (this.#isRefusedAtEnd(request, raw)) return slot.release();
    let info: Omit<ConnectionInfo<P, Metadata>, 'negotiated'>;
    try {
      const own = metadata(request, principal);
      if (isThenable(own)) {
        // Prevents an unhandled rejection, since nobody waits for the promise.
        Promise.resolve(own).catch(ignoreError);
        throw new TypeError('The metadata hook gave a promise; it has to answer at once');
      }
      const userAgent = request.headers['user-agent'];
      const trace = traceOf(request.headers);
      info = { principal, metadata: own, remoteAddress: remoteAddress(request), userAgent, trace };
    } catch (error) {
      slot.release();
      logger.error({ err: error }, 'The metadata hook failed');
      return this.#refuse(request, raw, head, CLOSE_CODES.internal);
    }
    // The acceptor answers requests that are not handshakes, and the socket closes.
    const isHandshake = acceptor.accept(request, raw, head, ({ socket, negotiated, encrypted }) => {
      const connect = (ready: Socket): void => void connections.connect(ready, { ...info, negotiated }, slot);
      if (encrypted) this.#protect(socket, raw, connect);
      else connect(socket);
    });
    if (!isHandshake) this.#log('info', request, 'malformed', 'it is no WebSocket handshake');
  }

  /** Whether client and server both encrypt, or both do without. */
  #agreesOnEncryption(request: IncomingMessage): boolean {
    const { encryption } = this.#options;
    const offered = offeredProtocols(request);
    const encrypts = offered.includes(ENCRYPTED_SUBPROTOCOL);
    if (encryption !== undefined) return encrypts || !encryption.isRequired;
    return !encrypts || offered.includes(SUBPROTOCOL);
  }

  #protect(socket: Socket, raw: Duplex, connect: (socket: Socket) => void): void {
    this.#agreeing.add(socket);
    const agreed = (): boolean => this.#agreeing.delete(socket);
    raw.once('close', agreed);
    this.#options.encryption?.protect(socket, (ready) => {
      raw.off('close', agreed);
      agreed();
      connect(ready);
    });
  }

  /** A getter of the embedder's principal may throw. */
  #refusalOf(principal: unknown): CloseCodeInfo | undefined {
    try {
      return this.#refusal(principal);
    } catch (error) {
      this.#options.logger.error({ err: error }, 'The principal of the authenticate hook cannot be read');
      return CLOSE_CODES.internal;
    }
  }

  /** Why the result of the hook refuses the client. Hooks written without a compiler may return anything. */
  #refusal(principal: unknown): CloseCodeInfo | undefined {
    if (principal === null || principal === undefined) return CLOSE_CODES.unauthorized;
    if (typeof principal === 'object' && 'id' in principal && typeof principal.id === 'string') {
      if (!isReservedId(principal.id)) return undefined;
      this.#options.logger.error(
        {},
        `The authenticate hook gave a principal with an id that begins with "${ROOM_PREFIX}"`,
      );
      return CLOSE_CODES.internal;
    }
    this.#options.logger.error({}, 'The authenticate hook gave a principal without a string "id"');
    return CLOSE_CODES.internal;
  }

  #reject(request: IncomingMessage, raw: Duplex, head: Buffer, slot: Slot, error: unknown): void {
    slot.release();
    if (this.#isGone(raw)) return;
    if (error === TIMED_OUT) return this.#refuse(request, raw, head, CLOSE_CODES.handshakeTimeout);
    if (this.#isRefusedAtEnd(request, raw)) return;
    this.#options.logger.warn({ err: error }, 'The authenticate hook refused a connection');
    const isForbidden = AgentSocketError.isInstance(error) && error.code === 'forbidden';
    this.#refuse(request, raw, head, isForbidden ? CLOSE_CODES.forbidden : CLOSE_CODES.unauthorized);
  }

  /**
   * Refuses while the service ends, by HTTP: a load balancer in front then asks another process, and the client notices
   * nothing.
   */
  #isRefusedAtEnd(request: IncomingMessage, raw: Duplex): boolean {
    const retryAfter = this.#options.retryAfter();
    if (retryAfter === undefined) return false;
    this.#log('info', request, 'ending', 'the service is shutting down');
    answer(raw, 503, retryAfter);
    return true;
  }

  /**
   * Completes the handshake and closes with a code: a browser cannot see the HTTP status of a refused upgrade.
   */
  #refuse(request: IncomingMessage, raw: Duplex, head: Buffer, { code, reason }: CloseCodeInfo): void {
    this.#log('info', request, String(code), reason);
    if (this.#lingering >= MAX_LINGERING) return answer(raw, 503, 1);
    this.#lingering++;
    raw.once('close', () => this.#lingering--);
    this.#options.acceptor.accept(request, raw, head, ({ socket }) => {
      socket.close(code, reason);
      setTimeout(() => socket.terminate(), LINGER_MS).unref();
    });
  }

  #log(level: 'info' | 'warn', request: IncomingMessage, kind: string, why: string): void {
    this.#tell(request, kind);
    const { refusals, remoteAddress } = this.#options;
    refusals.write(level, kind, { reason: kind, remoteAddress: remoteAddress(request) }, `Handshake refused: ${why}`);
  }

  #tell(request: IncomingMessage, reason: string): void {
    const { connections, remoteAddress } = this.#options;
    connections.refused({ reason, remoteAddress: remoteAddress(request) });
  }

  /** Whether there is nothing left to answer: the client has left, or somebody else has answered. */
  #isGone(raw: Duplex): boolean {
    if (raw.destroyed) return true;
    if (writtenTo(raw) === this.#written.get(raw)) return false;
    this.#report('Another listener answered a handshake while the authenticate hook was asked.');
    return true;
  }

  readonly #reportSecondAnswer = (error: unknown): void =>
    this.#report('Another listener tried to answer a handshake that was handed to agent.handleUpgrade().', error);

  #report(what: string, error?: unknown): void {
    const advice =
      'Each handshake needs one answer: give other WebSocket servers noServer: true, and hand each only its own paths';
    this.#options.refusals.write('warn', 'second-answer', { err: error }, `${what} ${advice}`);
  }
}

/**
 * Whether somebody has answered: wrote to the socket and began to read it, or ended it. Node hands over a socket that
 * is not flowing. Listeners alone prove nothing, since some embedders count bytes from the start of a connection.
 * Written bytes alone prove nothing either, since a kept-alive connection has answered earlier requests.
 */
function isAnswered(raw: Duplex): boolean {
  return raw.writableEnded || (raw.readableFlowing === true && writtenTo(raw) > 0);
}

/** Bytes written to a socket so far, sent or not. */
function writtenTo(raw: Duplex & { readonly bytesWritten?: number }): number {
  return raw.bytesWritten ?? 0;
}

/** Whether a value is a promise, of any library. */
function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Private errors, which no hook can throw. */
const TIMED_OUT = new Error('The authenticate hook took too long');
const ENDED = new Error('The service ended');
