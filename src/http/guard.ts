import type { IncomingMessage } from 'node:http';
import type { Verdict } from '../connection/verdict.js';
import { ANONYMOUS, type Principal } from '../connection/principal.js';
import type { Permissions } from '../permission/permissions.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import { andThen, type Awaitable } from '../runtime/awaitable.js';
import { failure, type Reply } from './reply.js';
import type { Route } from './route.js';

/** What {@link Guard} takes. */
export interface GuardOptions {
  readonly permissions: Permissions;
  /** Who sends a request, or how it is refused. Absent if everybody is anonymous. */
  readonly judge: ((request: IncomingMessage) => Awaitable<Verdict<Principal>>) | undefined;
}

/** Decides who gets the answer of a route. */
export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** The reply to a request that may not have the route; `undefined` if it may. */
  refusalOf(request: IncomingMessage, { action, path }: Pick<Route, 'action' | 'path'>): Awaitable<Reply | undefined> {
    if (action === undefined) return undefined;
    const { judge } = this.#options;
    // Pages are the same for everybody, and a browser loads them before it can say who asks.
    if (action === 'page' || judge === undefined) return this.#refusal(ANONYMOUS, action, path);
    return andThen(judge(request), ({ principal, refusal }) =>
      refusal === undefined ? this.#refusal(principal, action, path) : replyTo(refusal),
    );
  }

  #refusal(principal: Principal, action: NonNullable<Route['action']>, path: string): Reply | undefined {
    return this.#options.permissions.allows(principal, action, { path }) ? undefined : FORBIDDEN;
  }
}

const FORBIDDEN = failure(403, 'Not permitted');

/** A 401 names a scheme (RFC 9110, section 15.5.2); that of tokens is `Bearer` (RFC 6750, section 3). */
const UNAUTHORIZED = failure(401, 'Authentication required', { 'WWW-Authenticate': 'Bearer' });

/** The replies for the close codes with which a handshake of the same client would be refused. */
const REPLIES = new Map<number, Reply>([
  [CLOSE_CODES.unauthorized.code, UNAUTHORIZED],
  [CLOSE_CODES.forbidden.code, FORBIDDEN],
  [CLOSE_CODES.handshakeTimeout.code, failure(503, 'Authentication took too long')],
  [CLOSE_CODES.goingAway.code, failure(503, CLOSE_CODES.goingAway.reason)],
]);

function replyTo({ code, reason }: CloseCodeInfo): Reply {
  // Its reason is for the client, as that of the close frame is.
  if (code === CLOSE_CODES.protocolViolation.code) return failure(400, reason);
  return REPLIES.get(code) ?? failure(500, CLOSE_CODES.internal.reason);
}
