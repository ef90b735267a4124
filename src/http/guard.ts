import type { IncomingMessage } from 'node:http';
import type { Verdict } from '../connection/verdict.js';
import { ANONYMOUS, type Principal } from '../connection/principal.js';
import type { Permissions } from '../permission/permissions.js';
import { CLOSE_CODES, type CloseCodeInfo } from '../protocol/close-codes.js';
import { andThen, type Awaitable } from '../runtime/awaitable.js';
import type { Logger } from '../runtime/logger.js';
import { TypedEmitter } from '../runtime/typed-emitter.js';
import { failure, type Reply } from './reply.js';
import type { Route } from './route.js';

/** What {@link Guard} takes. */
export interface GuardOptions {
  readonly permissions: Permissions;
  /** Who sends a request, or how it is refused. Absent if everybody is anonymous. */
  readonly judge: ((request: IncomingMessage) => Awaitable<Verdict<Principal>>) | undefined;
  /** Address of the client, also behind proxies. */
  readonly remoteAddress: (request: IncomingMessage) => string | undefined;
  readonly logger: Logger;
}

/** A request that does not get what it asks for. */
export interface HttpRefusal {
  /** Absent if it is not known who asks. */
  readonly principalId?: string;
  readonly remoteAddress: string | undefined;
  readonly action: NonNullable<Route['action']>;
  /** `forbidden` without a permission; otherwise the close code that a handshake of the same client would get. */
  readonly code: string;
}

/** Decides who gets the answer of a route. */
export class Guard extends TypedEmitter<{ refused: [HttpRefusal] }> {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    super(options.logger);
    this.#options = options;
  }

  /** The reply to a request that may not have the route; `undefined` if it may. */
  refusalOf(request: IncomingMessage, { action, path }: Pick<Route, 'action' | 'path'>): Awaitable<Reply | undefined> {
    if (action === undefined) return undefined;
    const { judge, permissions, remoteAddress } = this.#options;
    const decide = ({ principal, refusal }: Verdict<Principal>): Reply | undefined => {
      if (refusal !== undefined) {
        this.emit('refused', { remoteAddress: remoteAddress(request), action, code: String(refusal.code) });
        return replyTo(refusal);
      }
      if (permissions.allows(principal, action, { path })) return undefined;
      const { id: principalId } = principal;
      this.emit('refused', { principalId, remoteAddress: remoteAddress(request), action, code: 'forbidden' });
      return FORBIDDEN;
    };
    // Pages are the same for everybody, and a browser loads them before it can say who asks.
    return action === 'page' || judge === undefined
      ? decide({ principal: ANONYMOUS })
      : andThen(judge(request), decide);
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
