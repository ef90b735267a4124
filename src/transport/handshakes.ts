import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConnectionInfo } from '../connection/connection.js';
import type { ConnectionManager, Slot } from '../connection/connection-manager.js';
import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../errors/agent-socket-error.js';
import type { Logger } from '../logging/logger.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import { answer, ignoreError } from './answer.js';
import type { WsAcceptor } from './ws-socket.js';

/** How long a refused client may take to read why, in milliseconds. */
const LINGER_MS = 1_000;

/** Refused clients that are told why at the same time; the others get HTTP 503. */
const MAX_LINGERING = 64;

/** What {@link Handshakes} takes. */
export interface HandshakeOptions<P extends Principal, Metadata> {
  readonly acceptor: WsAcceptor;
  readonly connections: ConnectionManager<P, Metadata>;
  /** Whether Host and Origin of a request are served; others get 403. */
  readonly isAllowed: (request: IncomingMessage) => boolean;
  /** How new connections are refused because the service ends; `undefined` as long as it does not. */
  readonly ending: () => CloseCodeInfo | undefined;
  /** Who it is; `null` for nobody. */
  readonly authenticate: (request: IncomingMessage) => P | null | Promise<P | null>;
  readonly authenticateTimeoutMs: number;
  readonly metadata: (request: IncomingMessage, principal: P) => Metadata;
  readonly logger: Logger;
}

/** The handshakes of one endpoint, from the upgrade request to the connection. */
export class Handshakes<P extends Principal, Metadata> {
  readonly #options: HandshakeOptions<P, Metadata>;
  /** Ends the waiting of each that waits for the hook. */
  readonly #waiting = new Set<(why: Error) => void>();
  #lingering = 0;

  constructor(options: HandshakeOptions<P, Metadata>) {
    this.#options = options;
  }

  start(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    raw.on('error', ignoreError);
    const { connections, isAllowed, ending, authenticate } = this.#options;
    if (!isAllowed(request)) return answer(raw, 403);
    const end = ending();
    if (end !== undefined) return this.#refuse(request, raw, head, end);
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
    void this.#wait(Promise.resolve(principal), raw).then(
      (resolved) => this.#finish(request, raw, head, slot, resolved),
      (error: unknown) => this.#reject(request, raw, head, slot, error),
    );
  }

  /** Refuses those that still wait for the hook. */
  stop(): void {
    for (const stop of this.#waiting) stop(ENDED);
  }

  /** Waits for the hook, but not for ever, and sees the client leave. */
  async #wait(principal: Promise<P | null>, raw: Duplex): Promise<P | null> {
    // Nobody reads yet, so that the end of the stream shows only here. What comes early stays for the connection.
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
    const { acceptor, connections, metadata, logger } = this.#options;
    // The client may have left, and the service may have begun to end, while we waited.
    if (raw.destroyed) return slot.release();
    const refusal = this.#refusalOf(principal);
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

  /** What a principal of the embedder's own does when it is looked at may throw. */
  #refusalOf(principal: unknown): CloseCodeInfo | undefined {
    try {
      return this.#refusal(principal);
    } catch (error) {
      this.#options.logger.error({ err: error }, 'The principal of the authenticate hook cannot be read');
      return CLOSE_CODES.internal;
    }
  }

  /** Why an answer of the hook lets nobody in. Hooks written without a compiler can answer anything. */
  #refusal(principal: unknown): CloseCodeInfo | undefined {
    if (principal === null || principal === undefined) return CLOSE_CODES.unauthorized;
    const end = this.#options.ending();
    if (end !== undefined) return end;
    if (typeof principal === 'object' && 'id' in principal && typeof principal.id === 'string') return undefined;
    this.#options.logger.error({}, 'The authenticate hook gave a principal without a string "id"');
    return CLOSE_CODES.internal;
  }

  #reject(request: IncomingMessage, raw: Duplex, head: Buffer, slot: Slot, error: unknown): void {
    slot.release();
    if (raw.destroyed) return;
    if (error === TIMED_OUT) return this.#refuse(request, raw, head, CLOSE_CODES.handshakeTimeout);
    if (error === ENDED) return this.#refuse(request, raw, head, this.#options.ending() ?? CLOSE_CODES.goingAway);
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

/** No hook can throw these. */
const TIMED_OUT = new Error('The authenticate hook took too long');
const ENDED = new Error('The service ended');
