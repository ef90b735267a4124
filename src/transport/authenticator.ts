import type { IncomingMessage } from 'node:http';
import {
  EXPIRES_AT,
  hasExpired,
  isExpiresAt,
  isPrincipalId,
  PRINCIPAL_ID,
  type Principal,
} from '../connection/principal.js';
import type { Verdict } from '../connection/verdict.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import { isLater, type Awaitable } from '../runtime/awaitable.js';
import type { BoundedLog } from '../runtime/bounded-log.js';
import type { Logger } from '../runtime/logger.js';

/** The hook of the embedder: the principal of a request; `null` refuses it. */
export type Authenticate<P extends Principal> = (request: IncomingMessage) => P | null | Promise<P | null>;

/** What {@link Authenticator} takes. */
export interface AuthenticatorOptions<P extends Principal> {
  readonly authenticate: Authenticate<P>;
  readonly timeoutMs: number;
  readonly logger: Logger;
  /** Gets the log lines of refused credentials. */
  readonly refusals: BoundedLog;
}

/** How a client is refused for what the hook throws; for any other error, 4401. */
const REFUSALS: Partial<Record<ErrorCode, CloseCodeInfo>> = {
  forbidden: CLOSE_CODES.forbidden,
  // The hook could not decide, so the client may come back.
  internal_error: CLOSE_CODES.internal,
};

/** Asks the hook, within its time, and judges what it gives. */
export class Authenticator<P extends Principal> {
  readonly #options: AuthenticatorOptions<P>;
  /** Functions that end the waits for the hook. */
  readonly #waiting = new Set<(why: Error) => void>();

  constructor(options: AuthenticatorOptions<P>) {
    this.#options = options;
  }

  /** Asks the hook. Never throws and never rejects. A hook that answers at once gives the verdict in the same tick. */
  judge(request: IncomingMessage): Awaitable<Verdict<P>> {
    try {
      const principal = this.#options.authenticate(request);
      return isLater(principal) ? this.#wait(Promise.resolve(principal)) : this.#verdict(principal);
    } catch (error) {
      return this.#rejected(error);
    }
  }

  /** Refuses everybody who waits for the hook, with 1001. */
  stop(): void {
    for (const stop of this.#waiting) stop(ENDED);
  }

  async #wait(principal: Promise<P | null>): Promise<Verdict<P>> {
    let stop: (why: Error) => void = () => undefined;
    const stopped = new Promise<never>((_, reject) => (stop = reject));
    this.#waiting.add(stop);
    const timer = setTimeout(stop, this.#options.timeoutMs, TIMED_OUT);
    try {
      return this.#verdict(await Promise.race([principal, stopped]));
    } catch (error) {
      return this.#rejected(error);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(stop);
    }
  }

  /** Judges the result of the hook. Hooks written without a compiler may return anything, even a getter that throws. */
  #verdict(principal: P | null | undefined): Verdict<P> {
    const { logger } = this.#options;
    try {
      if (principal === null || principal === undefined) return { refusal: CLOSE_CODES.unauthorized };
      if (typeof principal !== 'object' || typeof principal.id !== 'string') {
        logger.error({}, 'The authenticate hook gave a principal without a string "id"');
        return { refusal: CLOSE_CODES.internal };
      }
      if (!isPrincipalId(principal.id)) {
        logger.error({}, `The authenticate hook gave a principal whose "id" is not ${PRINCIPAL_ID}`);
        return { refusal: CLOSE_CODES.internal };
      }
      if (!isExpiresAt(principal.expiresAt)) {
        logger.error({}, `The authenticate hook gave a principal whose "expiresAt" is not ${EXPIRES_AT}`);
        return { refusal: CLOSE_CODES.internal };
      }
      return hasExpired(principal) ? { refusal: CLOSE_CODES.unauthorized } : { principal };
    } catch (error) {
      logger.error({ err: error }, 'The principal of the authenticate hook cannot be read');
      return { refusal: CLOSE_CODES.internal };
    }
  }

  #rejected(error: unknown): Verdict<P> {
    if (error === TIMED_OUT) return { refusal: CLOSE_CODES.handshakeTimeout };
    if (error === ENDED) return { refusal: CLOSE_CODES.goingAway };
    const isKnown = AgentSocketError.isInstance(error);
    // The stack of a refusal tells nothing.
    const fields = isKnown ? { code: error.code, error: error.message } : { err: error };
    this.#options.refusals.write('warn', 'hook', fields, 'The authenticate hook refused a client');
    if (!isKnown) return { refusal: CLOSE_CODES.unauthorized };
    if (error.code === 'invalid_message')
      return { refusal: { ...CLOSE_CODES.protocolViolation, reason: error.message } };
    return { refusal: REFUSALS[error.code] ?? CLOSE_CODES.unauthorized };
  }
}

/** Private errors, which no hook can throw. */
const TIMED_OUT = new Error('The authenticate hook took too long');
const ENDED = new Error('The service ended');
