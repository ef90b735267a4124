import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ANONYMOUS, type Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { CLIENT_SECRET_PREFIX } from '../protocol/version.js';
import { cookieOf } from './cookies.js';

/** Who clients are if nobody authenticates them; see the option `anonymous` of `createAgentSocketServer`. */
export type AnonymousMode = 'separate' | 'shared';

/** Bytes of a secret that the server makes. */
const SECRET_BYTES = 24;

/** 128 bits in Base64url at least, so that nobody guesses it. */
const SECRET = /^[\w-]{22,128}$/;

const COOKIE = 'agent_ws_anonymous';

/** Over TLS: another host of the same domain cannot plant a cookie of this name (RFC 6265bis, section 4.1.3.2). */
const SECURE_COOKIE = `__Host-${COOKIE}`;

/** How long a browser keeps the secret: the most that browsers allow, in seconds. */
const MAX_AGE = 400 * 24 * 60 * 60;

/** What {@link Anonymous} takes. */
export interface AnonymousOptions {
  readonly mode: AnonymousMode;
  /** Whether the client of a request used TLS. */
  readonly isSecure: (request: IncomingMessage) => boolean;
}

/**
 * Gives each client that nobody authenticates a principal of its own. Whoever knows the secret is the principal: a browser
 * keeps it in a cookie that its pages cannot read, another client chooses one and offers it as a subprotocol. A client
 * with neither is on its own: its principal ends with the connection.
 */
export class Anonymous {
  readonly #options: AnonymousOptions;
  /** Secrets that were made for browsers, until their handshakes are answered. */
  readonly #made = new WeakMap<IncomingMessage, string>();

  constructor(options: AnonymousOptions) {
    this.#options = options;
  }

  /**
   * The principal of a handshake.
   * @throws AgentSocketError `invalid_message` if the client offers a secret that could be guessed
   */
  readonly authenticate = (request: IncomingMessage): Principal => {
    if (this.#options.mode === 'shared') return ANONYMOUS;
    const known = chosenSecret(request) ?? toldSecret(request) ?? this.#keptSecret(request);
    if (known !== undefined) return principalOf(known);
    const made = randomBytes(SECRET_BYTES).toString('base64url');
    // Only browsers name an origin, and only browsers keep cookies.
    if (request.headers.origin !== undefined) this.#made.set(request, made);
    return principalOf(made);
  };

  /** The cookie for a browser whose secret was just made, as lines of the answer to its handshake. */
  readonly headers = (request: IncomingMessage): readonly string[] => {
    const secret = this.#made.get(request);
    return secret === undefined ? [] : [`Set-Cookie: ${this.#cookie(request, secret)}`];
  };

  /**
   * The cookie for a page that is being served, so that connections which its tabs open at once have the same principal;
   * `undefined` if the browser has one.
   */
  readonly pageCookie = (request: IncomingMessage): string | undefined => {
    if (this.#options.mode === 'shared' || this.#keptSecret(request) !== undefined) return undefined;
    return this.#cookie(request, randomBytes(SECRET_BYTES).toString('base64url'));
  };

  #keptSecret(request: IncomingMessage): string | undefined {
    const kept = cookieOf(request, this.#options.isSecure(request) ? SECURE_COOKIE : COOKIE);
    return kept !== undefined && SECRET.test(kept) ? kept : undefined;
  }

  #cookie(request: IncomingMessage, secret: string): string {
    const isSecure = this.#options.isSecure(request);
    const attributes = `Path=/; Max-Age=${MAX_AGE}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
    return `${isSecure ? SECURE_COOKIE : COOKIE}=${secret}; ${attributes}`;
  }
}

function chosenSecret({ headers }: IncomingMessage): string | undefined {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((entry) => entry.trim());
  return secretIn(offered.find((entry) => entry.startsWith(CLIENT_SECRET_PREFIX)));
}

/** The secret of a first message `auth`, which a client sends that encrypts its messages: a proxy reads the handshake. */
function toldSecret({ headers }: IncomingMessage): string | undefined {
  const { authorization = '' } = headers;
  const token = authorization.startsWith('Bearer ') ? authorization.slice(7) : '';
  return secretIn(token.startsWith(CLIENT_SECRET_PREFIX) ? token : undefined);
}

function secretIn(text: string | undefined): string | undefined {
  const secret = text?.slice(CLIENT_SECRET_PREFIX.length);
  if (secret === undefined || SECRET.test(secret)) return secret;
  throw new AgentSocketError('invalid_message', 'A client secret is 22 to 128 letters, digits, "-" or "_"');
}

/** The id is a hash of the secret: it can be shown and logged. */
function principalOf(secret: string): Principal {
  const hash = createHash('sha256').update(`agent-ws anonymous\n${secret}`).digest('base64url');
  return { id: `${ANONYMOUS.id}-${hash.slice(0, 22)}` };
}
