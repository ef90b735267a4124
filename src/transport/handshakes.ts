import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connection, ConnectionInfo } from '../connection/connection.js';
import type { ConnectionManager } from '../connection/connection-manager.js';
import type { Slot } from '../connection/places.js';
import { wireIdentity, type Principal } from '../connection/principal.js';
import type { Socket } from '../connection/socket.js';
import type { Verdict } from '../connection/verdict.js';
import { sendable } from '../connection/close-frame.js';
import { isLater } from '../runtime/awaitable.js';
import type { BoundedLog } from '../runtime/bounded-log.js';
import type { Logger } from '../runtime/logger.js';
import { traceOf } from '../runtime/trace.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { ClientMessageOf } from '../protocol/client-messages.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import { encodeMessage, now } from '../protocol/encode.js';
import { JWE_EXTRA_BYTES } from '../protocol/encryption.js';
import { AUTH_BY_MESSAGE, ENCRYPTED_SUBPROTOCOL, LIMITS, SUBPROTOCOL } from '../protocol/version.js';
import { answer, ignoreError } from './answer.js';
import type { Authenticator } from './authenticator.js';
import { FirstMessage } from './first-message.js';
import { limitInput, TOO_MUCH } from './input-limit.js';
import { Revocations } from './revocations.js';
import { bareRequest, offers, withToken } from './token-request.js';
import { claim } from './upgrade-events.js';
import { offeredProtocols, type AcceptedSocket, type WsAcceptor } from './ws-acceptor.js';

/** How long a refused client may take to read the close code, in milliseconds. */
const LINGER_MS = 1_000;

/** What a client may send before client and server have agreed on keys: its one frame is half as long at most. */
const MAX_KEY_BYTES = 8_192;

/** {@link LIMITS.unauthenticatedBytes} when encrypted: Base64 is a third longer. */
const MAX_ENCRYPTED_AUTH_BYTES = Math.ceil((LIMITS.unauthenticatedBytes / 3) * 4) + JWE_EXTRA_BYTES;

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
  readonly authenticator: Authenticator<P>;
  /** How long the hook may take. */
  readonly authenticateTimeoutMs: number;
  /** How long a client may take to send `auth` as its first message. */
  readonly authMessageTimeoutMs: number;
  /** Whether clients have credentials, which they may renew. */
  readonly hasCredentials: boolean;
  /** Lines for the answer to a handshake. */
  readonly headers: (request: IncomingMessage) => readonly string[];
  /** Encryption of messages; `undefined` if the server does not offer it. */
  readonly encryption: MessageEncryption | undefined;
  readonly metadata: (request: IncomingMessage, principal: P) => Metadata;
  readonly logger: Logger;
  /** Gets the log lines of refused handshakes. */
  readonly refusals: BoundedLog;
}

/** A handshake about which the hook was asked. */
interface Judged {
  readonly request: IncomingMessage;
  readonly raw: Duplex;
  readonly head: Buffer;
  readonly slot: Slot;
  /** When the hook was asked, on the monotonic clock. */
  readonly askedAt: number;
}

/** The handshakes of one endpoint, from the upgrade request to the connection. */
export class Handshakes<P extends Principal, Metadata> {
  readonly #options: HandshakeOptions<P, Metadata>;
  /** What is left of the handshake of a connection, for tokens that it sends later. */
  readonly #requests = new WeakMap<Connection, IncomingMessage>();
  /** Bytes written to each socket when its handshake arrived: more bytes mean that somebody else has answered. */
  readonly #written = new WeakMap<Duplex, number>();
  /** Sockets that agree on keys. */
  readonly #agreeing = new Set<Socket>();
  /** Clients that have not said who they are. */
  readonly #unknown = new Set<FirstMessage>();
  readonly #revocations: Revocations;
  #lingering = 0;

  constructor(options: HandshakeOptions<P, Metadata>) {
    this.#options = options;
    this.#revocations = new Revocations(options.authenticateTimeoutMs);
  }

  /** Answers a handshake, whatever its path. Never throws. */
  readonly handle = (request: IncomingMessage, raw: Duplex, head: Buffer): void => {
    const { connections, isAllowed, authenticator, remoteAddress } = this.#options;
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
    const isUnknown = offers(request, AUTH_BY_MESSAGE);
    const slot = connections.reserve(remoteAddress(request), isUnknown);
    if (slot === undefined) return this.#refuse(request, raw, head, CLOSE_CODES.overCapacity);
    // A client that leaves, at any time, frees its place.
    // The slot's own function: a new one would keep the request in memory as long as the connection lasts.
    raw.once('close', slot.release);
    if (isUnknown) return this.#acceptUnknown(request, raw, head, slot);
    // If nothing needs to wait, the handshake is done in the same tick.
    const askedAt = performance.now();
    const verdict = authenticator.judge(request);
    if (!isLater(verdict)) return this.#finish({ request, raw, head, slot, askedAt }, verdict);
    // Nobody reads the socket yet, so its end shows only here. Early data stays for the connection.
    const onReadable = (): void => {
      if (raw.readableLength === 0) raw.destroy();
    };
    raw.on('readable', onReadable);
    void verdict.then((given) => {
      raw.off('readable', onReadable);
      this.#finish({ request, raw, head, slot, askedAt }, given);
    });
  };

  /**
   * Whose a token is that a connection sends. The hook is asked with the handshake of the connection, in which the token
   * is the only proof of identity. `null` if the token is refused, or the connection has not come through here.
   * @throws AgentSocketError if it is refused for another reason than the token, with what a handshake would be told
   */
  async principalOf(connection: Connection, token: string): Promise<P | null> {
    const request = this.#requests.get(connection);
    if (request === undefined) return null;
    const verdict = await this.#options.authenticator.judge(withToken(request, token));
    if (verdict.refusal === undefined) return verdict.principal;
    const { code, reason } = verdict.refusal;
    if (code === CLOSE_CODES.unauthorized.code) return null;
    if (code === CLOSE_CODES.forbidden.code)
      throw new AgentSocketError('forbidden', 'The token is not permitted to connect');
    if (code === CLOSE_CODES.protocolViolation.code) throw new AgentSocketError('invalid_message', reason);
    throw new AgentSocketError('internal_error', 'The token cannot be checked at the moment');
  }

  /** Refuses clients of a principal whose handshakes are under way. */
  revoke(principalId: string): void {
    this.#revocations.add(principalId);
  }

  #finish({ request, raw, head, slot, askedAt }: Judged, verdict: Verdict<P>): void {
    const { acceptor, connections, headers, remoteAddress } = this.#options;
    // While waiting, the client may have left or the service may have begun to end.
    if (this.#isGone(raw)) return slot.release();
    const isOver = verdict.refusal === undefined || verdict.refusal === CLOSE_CODES.goingAway;
    if (isOver && this.#isRefusedAtEnd(request, raw)) return slot.release();
    const info = verdict.refusal ?? this.#infoOf(request, verdict.principal, askedAt);
    if ('code' in info) {
      slot.release();
      return this.#refuse(request, raw, head, info);
    }
    // The acceptor answers requests that are not handshakes, and the socket closes.
    const isHandshake = acceptor.accept(
      request,
      raw,
      head,
      (accepted) => {
        this.#open(accepted, raw, (socket) => {
          // The agreement on keys lasts as long as the client likes.
          if (this.#revocations.has(info.principal.id, askedAt)) return closeSoon(socket, CLOSE_CODES.unauthorized);
          const connection = connections.connect(socket, { ...info, negotiated: accepted.negotiated }, slot);
          if (connection !== undefined) this.#remember(connection, request);
        });
      },
      remoteAddress(request),
      headers(request),
    );
    if (!isHandshake) this.#log('info', request, 'malformed', 'it is no WebSocket handshake');
  }

  /** Completes the handshake of a client that sends its credentials as its first message. */
  #acceptUnknown(request: IncomingMessage, raw: Duplex, head: Buffer, slot: Slot): void {
    const { acceptor, authenticator, connections, remoteAddress, authMessageTimeoutMs: timeoutMs } = this.#options;
    const onAccepted = (accepted: AcceptedSocket): void => {
      const { negotiated } = accepted;
      let { socket } = accepted;
      const refuse = (refusal: CloseCodeInfo): void => {
        slot.release();
        this.#log('info', request, String(refusal.code), refusal.reason);
        closeSoon(socket, refusal);
      };
      if (!negotiated) return refuse({ ...CLOSE_CODES.protocolViolation, reason: `Offer ${SUBPROTOCOL} as well` });
      const onAuth = async (auth: ClientMessageOf<'auth'>, isHere: () => boolean): Promise<void> => {
        const askedAt = performance.now();
        const verdict = await authenticator.judge(withToken(bareRequest(request), auth.token));
        if (!isHere()) return;
        const atEnd = this.#options.retryAfter() === undefined ? undefined : CLOSE_CODES.goingAway;
        const info = verdict.refusal ?? atEnd ?? this.#infoOf(request, verdict.principal, askedAt);
        if ('code' in info) {
          refuse(info);
          return;
        }
        const { request_id } = auth;
        const identity = wireIdentity(info.principal);
        socket.send(encodeMessage({ type: 'authenticated', timestamp: now(), ...identity, request_id }));
        const connection = connections.connect(socket, { ...info, negotiated }, slot);
        if (connection !== undefined) this.#remember(connection, request);
      };
      this.#open(accepted, raw, (opened) => {
        socket = opened;
        const mostBytes = accepted.encrypted ? MAX_ENCRYPTED_AUTH_BYTES : LIMITS.unauthenticatedBytes;
        new FirstMessage({ socket, raw, timeoutMs, mostBytes, all: this.#unknown, onAuth, onRefused: refuse });
      });
    };
    const isHandshake = acceptor.accept(request, raw, head, onAccepted, remoteAddress(request));
    if (!isHandshake) this.#log('info', request, 'malformed', 'it is no WebSocket handshake');
  }

  /** Refuses clients that agree on keys or have not said who they are. */
  stop(): void {
    for (const socket of this.#agreeing) closeSoon(socket, CLOSE_CODES.goingAway);
    for (const client of this.#unknown) client.stop();
  }

  /** Whether client and server both encrypt, or both do without. */
  #agreesOnEncryption(request: IncomingMessage): boolean {
    const { encryption } = this.#options;
    const offered = offeredProtocols(request);
    const encrypts = offered.includes(ENCRYPTED_SUBPROTOCOL);
    if (encryption !== undefined) return encrypts || !encryption.isRequired;
    return !encrypts || offered.includes(SUBPROTOCOL);
  }

  /** Calls `then` with the socket of the connection to be: at once, or when client and server have agreed on keys. */
  #open({ socket, encrypted }: AcceptedSocket, raw: Duplex, then: (socket: Socket) => void): void {
    if (!encrypted) return then(socket);
    this.#agreeing.add(socket);
    const agreed = (): boolean => this.#agreeing.delete(socket);
    raw.once('close', agreed);
    const unlimit = limitInput(socket, raw, MAX_KEY_BYTES, () => closeSoon(socket, TOO_MUCH));
    this.#options.encryption?.protect(socket, (ready) => {
      unlimit();
      raw.off('close', agreed);
      agreed();
      then(ready);
    });
  }

  #remember(connection: Connection<P, Metadata>, request: IncomingMessage): void {
    // Without credentials there is nothing to renew.
    if (this.#options.hasCredentials) this.#requests.set(connection, bareRequest(request));
  }

  /** What is known of the connection to be, or why it is refused. */
  #infoOf(
    request: IncomingMessage,
    principal: P,
    askedAt: number,
  ): Omit<ConnectionInfo<P, Metadata>, 'negotiated'> | CloseCodeInfo {
    if (this.#revocations.has(principal.id, askedAt)) return CLOSE_CODES.unauthorized;
    const { remoteAddress, metadata, logger } = this.#options;
    try {
      const own = metadata(request, principal);
      if (isLater(own)) {
        // Prevents an unhandled rejection, since nobody waits for the promise.
        Promise.resolve(own).catch(ignoreError);
        throw new TypeError('The metadata hook gave a promise; it has to answer at once');
      }
      const userAgent = request.headers['user-agent'];
      const trace = traceOf(request.headers);
      return { principal, metadata: own, remoteAddress: remoteAddress(request), userAgent, trace };
    } catch (error) {
      logger.error({ err: error }, 'The metadata hook failed');
      return CLOSE_CODES.internal;
    }
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
  #refuse(request: IncomingMessage, raw: Duplex, head: Buffer, refusal: CloseCodeInfo): void {
    this.#log('info', request, String(refusal.code), refusal.reason);
    if (this.#lingering >= MAX_LINGERING) return answer(raw, 503, 1);
    this.#lingering++;
    raw.once('close', () => this.#lingering--);
    this.#options.acceptor.accept(request, raw, head, ({ socket }) => closeSoon(socket, refusal));
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

/** Closes a socket, and ends it even if the client never answers. */
function closeSoon(socket: Socket, close: CloseCodeInfo): void {
  const { code, reason } = sendable(close);
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), LINGER_MS).unref();
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
