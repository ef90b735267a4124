import { STATUS_CODES, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionInfo } from '../connection/connection.js';
import type { ConnectionManager, Slot } from '../connection/connection-manager.js';
import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import { OptionError } from '../errors/option-error.js';
import type { Logger } from '../logging/logger.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import type { WsAcceptor } from './ws-socket.js';

/** How long a refused client may take to read why, in milliseconds. */
const LINGER_MS = 1_000;

/** Refused clients that are told why at the same time; the others get HTTP 503. */
const MAX_LINGERING = 64;

/** Marks the listeners of this library on a server, with their path. */
const PATH = Symbol.for('agent-ws.upgradePath');

/** What {@link attachUpgrade} takes. */
export interface UpgradeOptions<P extends Principal, Metadata> {
  readonly path: string;
  readonly acceptor: WsAcceptor;
  readonly connections: ConnectionManager<P, Metadata>;
  /** Whether Host and Origin of a request are served; others get 403. */
  readonly isAllowed: (request: IncomingMessage) => boolean;
  /** Whether new connections are refused because the server drains. */
  readonly isDraining: () => boolean;
  /** Who it is; `null` for nobody. */
  readonly authenticate: (request: IncomingMessage) => P | null | Promise<P | null>;
  readonly authenticateTimeoutMs: number;
  readonly metadata: (request: IncomingMessage, principal: P) => Metadata;
  readonly logger: Logger;
}

type UpgradeListener = ((request: IncomingMessage, raw: Duplex, head: Buffer) => void) & { [PATH]?: string };

/**
 * Takes the upgrade requests for one path and leaves all others to whoever else listens; where nobody else does,
 * they get 404 rather than hang. Returns the function that detaches it.
 * @throws OptionError where another service of this library has the path on this server.
 */
export function attachUpgrade<P extends Principal, Metadata>(
  server: HttpServer | HttpsServer,
  options: UpgradeOptions<P, Metadata>,
): () => void {
  const taken = (server.listeners('upgrade') as UpgradeListener[]).some((listener) => listener[PATH] === options.path);
  if (taken) throw new OptionError('path', 'free: another service has it on this server', options.path);
  const handshakes = new Handshakes(options);
  const listener: UpgradeListener = (request, raw, head) => {
    if (pathOf(request) === options.path) handshakes.start(request, raw, head);
    else if (isNobodys(server, listener, pathOf(request))) answer(raw, 404);
  };
  listener[PATH] = options.path;
  server.on('upgrade', listener);
  return () => void server.off('upgrade', listener);
}

function pathOf(request: IncomingMessage): string {
  return /^[^?#]*/.exec(request.url ?? '')?.[0] ?? '';
}

/** Whether only servers of this library listen and none serves the path; the first of them then answers. */
function isNobodys(server: HttpServer | HttpsServer, own: UpgradeListener, path: string): boolean {
  const listeners = server.listeners('upgrade') as UpgradeListener[];
  return listeners[0] === own && listeners.every((listener) => listener[PATH] !== undefined && listener[PATH] !== path);
}

/** Refuses an upgrade with an HTTP status, which only clients that are no browsers can read. */
function answer(raw: Duplex, status: number): void {
  raw.on('error', ignoreError);
  const text = STATUS_CODES[status] ?? '';
  raw.end(
    `HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    () => raw.destroy(),
  );
}

function ignoreError(): void {
  // A reset while we wait must not end the process; the stream closes by itself.
}

/** The handshakes of one endpoint, from the upgrade request to the connection. */
class Handshakes<P extends Principal, Metadata> {
  readonly #options: UpgradeOptions<P, Metadata>;
  #lingering = 0;

  constructor(options: UpgradeOptions<P, Metadata>) {
    this.#options = options;
  }

  start(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    raw.on('error', ignoreError);
    const { connections, isAllowed, isDraining, authenticate } = this.#options;
    if (!isAllowed(request)) return answer(raw, 403);
    if (isDraining()) return this.#refuse(request, raw, head, CLOSE_CODES.draining);
    const slot = connections.reserve();
    if (slot === undefined) return this.#refuse(request, raw, head, CLOSE_CODES.overCapacity);
    // Whatever becomes of the handshake: a client that leaves, now or later, gives its place back.
    // The function of the slot itself: one made here would hold on to the request as long as the connection lasts.
    raw.once('close', slot.release);
    // Where nothing waits for anything, the handshake is done in the same tick.
    let principal: P | null | Promise<P | null>;
    try {
      principal = authenticate(request);
    } catch (error) {
      return this.#reject(request, raw, head, slot, error);
    }
    if (!isThenable(principal)) return this.#finish(request, raw, head, slot, principal);
    void withDeadline(Promise.resolve(principal), this.#options.authenticateTimeoutMs).then(
      (resolved) => this.#finish(request, raw, head, slot, resolved),
      (error: unknown) => this.#reject(request, raw, head, slot, error),
    );
  }

  #finish(request: IncomingMessage, raw: Duplex, head: Buffer, slot: Slot, principal: P | null): void {
    const { acceptor, connections, isDraining, metadata, logger } = this.#options;
    // The client may have left, and the server may have begun to drain, while we waited.
    if (raw.destroyed) return slot.release();
    const refusal = this.#refusal(principal, isDraining());
    if (refusal !== undefined || principal === null) {
      slot.release();
      return this.#refuse(request, raw, head, refusal ?? CLOSE_CODES.unauthorized);
    }
    let info: Omit<ConnectionInfo<P, Metadata>, 'negotiated'>;
    try {
      const own = metadata(request, principal);
      if (isThenable(own)) {
        // Nobody waits for it, and nobody would hear it fail.
        Promise.resolve(own).catch(ignoreError);
        throw new TypeError('The metadata hook gave a promise; it has to answer at once');
      }
      const { headers, socket } = request;
      info = { principal, metadata: own, remoteAddress: socket.remoteAddress, userAgent: headers['user-agent'] };
    } catch (error) {
      slot.release();
      logger.error({ err: error }, 'The metadata hook failed');
      return this.#refuse(request, raw, head, CLOSE_CODES.internal);
    }
    // A request that is no handshake is answered by the acceptor, and the socket closes.
    acceptor.accept(request, raw, head, ({ socket, negotiated }) => {
      connections.connect(socket, { ...info, negotiated }, slot);
    });
  }

  /** Why an answer of the hook lets nobody in. Hooks written without a compiler can answer anything. */
  #refusal(principal: unknown, isDraining: boolean): CloseCodeInfo | undefined {
    if (principal === null || principal === undefined) return CLOSE_CODES.unauthorized;
    if (isDraining) return CLOSE_CODES.draining;
    if (typeof principal === 'object' && 'id' in principal && typeof principal.id === 'string') return undefined;
    this.#options.logger.error({}, 'The authenticate hook gave a principal without a string "id"');
    return CLOSE_CODES.internal;
  }

  #reject(request: IncomingMessage, raw: Duplex, head: Buffer, slot: Slot, error: unknown): void {
    slot.release();
    if (raw.destroyed) return;
    if (error === TIMED_OUT) return this.#refuse(request, raw, head, CLOSE_CODES.handshakeTimeout);
    this.#options.logger.warn({ err: error }, 'The authenticate hook refused a connection');
    const isForbidden = AgentSocketError.isInstance(error) && error.code === 'forbidden';
    this.#refuse(request, raw, head, isForbidden ? CLOSE_CODES.forbidden : CLOSE_CODES.unauthorized);
  }

  /**
   * Completes the handshake and closes with a code: a browser cannot see the HTTP status of a refused upgrade.
   */
  #refuse(request: IncomingMessage, raw: Duplex, head: Buffer, { code, reason }: CloseCodeInfo): void {
    if (this.#lingering >= MAX_LINGERING) return answer(raw, 503);
    this.#lingering++;
    raw.once('close', () => this.#lingering--);
    this.#options.acceptor.accept(request, raw, head, ({ socket }) => {
      socket.close(code, reason);
      setTimeout(() => socket.terminate(), LINGER_MS).unref();
    });
  }
}

/** Promises of other makes count too. */
function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** The deadline rejects with an error of its own, which no hook can throw. */
const TIMED_OUT = new Error('The authenticate hook took too long');

function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(TIMED_OUT), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
