import type { IncomingMessage } from 'node:http';
import { ANONYMOUS, hasExpired, type Principal } from '../connection/principal.js';
import type { Permissions } from '../permission/permissions.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { Awaitable } from '../runtime/awaitable.js';
import { BoundedLog } from '../runtime/bounded-log.js';
import type { Logger } from '../runtime/logger.js';
import { failure, type Reply } from './reply.js';
import type { Route } from './route.js';

/** What {@link Guard} takes. */
export interface GuardOptions {
  readonly permissions: Permissions;
  /** The principal of a request; `null` for nobody. Absent if everybody is anonymous. */
  readonly authenticate: ((request: IncomingMessage) => Awaitable<Principal | null>) | undefined;
  /** How long `authenticate` may take, in milliseconds. */
  readonly authenticateTimeoutMs: number;
  readonly logger: Logger;
}

/** Decides who gets the answer of a route. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #failures: BoundedLog;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#failures = new BoundedLog(options.logger);
  }

  /** The reply to a request that may not have the route; `undefined` if it may. */
  refusalOf(request: IncomingMessage, { action, path }: Pick<Route, 'action' | 'path'>): Awaitable<Reply | undefined> {
    if (action === undefined) return undefined;
    const { authenticate } = this.#options;
    // Pages are the same for everybody, and a browser loads them before it can say who asks.
    if (action === 'page' || authenticate === undefined) return this.#refusal(ANONYMOUS, action, path);
    return this.#identify(request, authenticate).then(
      (principal) => this.#refusal(principal, action, path),
      (error: unknown) => this.#unknown(error),
    );
  }

  #refusal(principal: unknown, action: NonNullable<Route['action']>, path: string): Reply | undefined {
    if (principal === null || principal === undefined) return UNAUTHORIZED;
    if (!isPrincipal(principal)) {
      this.#failures.write('error', 'principal', {}, 'The authenticate hook gave a principal without a string "id"');
      return failure(500, 'Internal error');
    }
    if (hasExpired(principal)) return UNAUTHORIZED;
    return this.#options.permissions.allows(principal, action, { path }) ? undefined : FORBIDDEN;
  }

  async #identify(
    request: IncomingMessage,
    authenticate: NonNullable<GuardOptions['authenticate']>,
  ): Promise<Principal | null> {
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, this.#options.authenticateTimeoutMs, TIMED_OUT);
    });
    try {
      return await Promise.race([authenticate(request), timedOut]);
    } finally {
      clearTimeout(timer);
    }
  }

  #unknown(error: unknown): Reply {
    if (error === TIMED_OUT) return failure(503, 'Authentication took too long');
    this.#failures.write('warn', 'refused', { err: error }, 'The authenticate hook refused a request');
    return AgentSocketError.isInstance(error) && error.code === 'forbidden' ? FORBIDDEN : UNAUTHORIZED;
  }
}

const FORBIDDEN = failure(403, 'Not permitted');

/** A 401 names a scheme (RFC 9110, section 15.5.2); that of tokens is `Bearer` (RFC 6750, section 3). */
const UNAUTHORIZED = failure(401, 'Authentication required', { 'WWW-Authenticate': 'Bearer' });

/** A private error, which no hook can throw. */
const TIMED_OUT = new Error('The authenticate hook took too long');

/** Hooks written without a compiler may give anything. */
function isPrincipal(value: unknown): value is Principal {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}
