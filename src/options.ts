import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { EXECUTOR_OPTIONS, type AgentExecutorOptions, type ToolsOf } from './agent/executor-options.js';
import type { AnonymousMode } from './auth/anonymous.js';
import { CONNECTION_OPTIONS, type ConnectionManagerOptions } from './connection/connection-options.js';
import type { Principal } from './connection/principal.js';
import { ENCRYPTION_OPTIONS, type EncryptionOptions } from './encryption/options.js';
import { hostnameOf } from './http/host.js';
import { parseOrigin } from './http/origin.js';
import type { MetricsSource } from './http/metrics.js';
import { isProxyEntry } from './http/trusted-proxies.js';
import { MESSAGE_HANDLER_OPTIONS, type MessageHandlerOptions } from './message/message-handler-options.js';
import type { PermissionsOption } from './permission/permissions.js';
import { DEFAULT_PATH } from './protocol/version.js';
import { ROOM_LIMITS, type RoomLimits } from './room/room-options.js';
import { RUN_OPTIONS, type BeforeRun, type RunManagerOptions } from './run/run-manager-options.js';
import type { Awaitable } from './runtime/awaitable.js';
import type { LogIds } from './runtime/log-ids.js';
import { OptionError } from './runtime/option-error.js';
import { nested, omit, pick, type OptionTable } from './runtime/option-table.js';
import { aFunction, choice, delay, list, methods, must, text, type Rule } from './runtime/rule.js';
import { aStore } from './store/store-rules.js';
import type { Store } from './store/store.js';
import { MEMORY_STORE_OPTIONS, type MemoryStoreOptions } from './stores/memory/options.js';
import type { Tool } from './tool/tool.js';
import { SOCKET_OPTIONS, type SocketOptions } from './transport/socket-options.js';

/** Options of parts that the server passes on. */
type PartOptions<P extends Principal, Metadata> = Omit<
  ConnectionManagerOptions,
  'epoch' | 'epochOf' | 'nodeId' | 'attachments'
> &
  Omit<RunManagerOptions, 'executor' | 'store' | 'cluster' | 'beforeRun'> &
  Omit<AgentExecutorOptions<P, Metadata>, 'tools' | 'ledger' | 'conversations' | 'permissions'> &
  PermissionsOption<NoInfer<P>> &
  Pick<MessageHandlerOptions, 'rateLimits'> &
  Pick<MemoryStoreOptions, 'retainMs' | 'maxRetainedBytes' | 'maxConversationBytes' | 'maxOwnerConversationBytes'> &
  RoomLimits &
  SocketOptions;

/**
 * What `createAgentSocketServer` takes. Times in milliseconds, sizes in bytes.
 * @typeParam P - what `authenticate` returns
 * @typeParam Metadata - what `metadata` returns
 * @typeParam T - the tools, each of which may require another type of principal and metadata
 */
export interface AgentSocketServerOptions<
  P extends Principal = Principal,
  Metadata = undefined,
  T extends Tool<never, never> = Tool<NoInfer<P>, NoInfer<Metadata>>,
> extends PartOptions<P, Metadata> {
  /** The server to attach to. It may be listening already, and may carry other routes and upgrades. */
  server: HttpServer | HttpsServer;
  /**
   * The tools of the model and of `tool_call`: the same for all, or a function of who asks.
   * @default none
   */
  tools?: Iterable<T> | ToolsOf<NoInfer<P>, NoInfer<Metadata>> | undefined;
  /**
   * Keeps runs, conversations and the record of tool calls. The store stays open when the server closes. `retainMs`,
   * `maxRetainedBytes`, `maxConversationBytes` and `maxOwnerConversationBytes` are for the default only.
   * @default a new memory store
   */
  store?: Store | undefined;
  /**
   * Path of the WebSocket endpoint. Percent-encoded if it needs to be.
   * @default '/ws/agent'
   */
  path?: string | undefined;
  /**
   * Who connects. Called once for every handshake, after Origin and Host were checked and a place is reserved, and once
   * for every message `auth`, with a request whose only credentials are `Authorization: Bearer` and the token. The
   * result (or what it resolves to) owns the connection and its runs. `null` refuses with close code 4401, and so does
   * an error, which is logged; an `AgentSocketError` with code `forbidden` refuses with 4403 and one with `internal_error`
   * with 1011, after which clients come back. A principal without a valid `id`, or whose `expiresAt` is no
   * number, is refused with 1011, one whose `expiresAt` has passed with 4401. `agent-ws/auth` has ready-made hooks.
   * @default everybody is anonymous; see `anonymous`
   */
  authenticate?: ((request: IncomingMessage) => P | null | Promise<P | null>) | undefined;
  /**
   * How long a client that offers `agent-ws.auth` may take to send `auth` as its first message. In milliseconds; then the
   * connection ends with code 4408. Without `authenticate` such a client is accepted at once.
   * @default 5000
   */
  authMessageTimeoutMs?: number | undefined;
  /**
   * Who clients are without `authenticate`: `separate`, a principal for each browser and each `client_secret`, or `shared`,
   * the one principal `anonymous` for all. A browser keeps its secret in an `HttpOnly` cookie. A client with neither has
   * a principal that ends with its connection.
   * @default 'separate'
   */
  anonymous?: AnonymousMode | undefined;
  /**
   * How long `authenticate` may take. In milliseconds; then the handshake ends with code 4408.
   * @default 10000
   */
  authenticateTimeoutMs?: number | undefined;
  /**
   * Makes your own metadata of a connection. Called once, after `authenticate`, with its principal. If it throws or
   * returns a promise, the connection is refused with 1011: asynchronous work belongs in `authenticate`. For inferred
   * types it must come after `authenticate` in the object.
   * @default undefined
   */
  metadata?: ((request: IncomingMessage, principal: P) => Metadata) | undefined;
  /**
   * Messages that are encrypted between client and server, where TLS ends at somebody else's proxy: see
   * {@link EncryptionOptions}. Clients that do not ask for it are served as before, unless `required` is set.
   * @default none
   */
  encryption?: EncryptionOptions | undefined;
  /**
   * Asks whether a principal may have one more run, for quotas and bills. Called once for each new run, after the limits
   * were checked and before its id is claimed; a repeated request is not asked for. A returned promise holds back later
   * requests of the connection. Throwing (or rejecting) an `AgentSocketError`, such as `rate_limited` with `retryAfterMs` or
   * `forbidden`, refuses the request with that error, anything else with `internal_error`, as does a returned `false`.
   * @default every run is allowed
   */
  beforeRun?: BeforeRun<P> | undefined;
  /**
   * Origins of pages that may connect besides the same host and loopback: `https://app.example`, or `*` for all.
   * Clients without an Origin are not browsers and always pass.
   * @default []
   */
  allowedOrigins?: readonly string[] | undefined;
  /**
   * Host names that are served, without port, or `*` for all. The host of a request is its `Host` header, in HTTP/2 its
   * `:authority`, and behind one of `trustedProxies` its `X-Forwarded-Host`. A refused host is logged. By default, a
   * request over loopback needs a name of this machine, an address or a name without a dot, unless a proxy says by
   * `X-Forwarded-For`, `X-Real-IP`, `Forwarded` or `Via` that it passed the request on. The host of such a request names
   * another port than that of this server.
   * @default loopback names if the server is bound to loopback, otherwise all
   */
  allowedHosts?: readonly string[] | undefined;
  /**
   * Proxies in front of the server, whose `X-Forwarded` headers and `Forwarded` count: addresses, networks such as `10.0.0.0/8`, or `*` for all.
   * Their `X-Forwarded-Host` is the host for `allowedHosts` and for pages of the same host, their `X-Forwarded-Proto`
   * the scheme, and their `X-Forwarded-For` the `remoteAddress` of a connection. Without `X-Forwarded-For`, all three are
   * those of `Forwarded` (RFC 7239); if the two name different clients, the address is that of the proxy. `Host` must then also be served, or be
   * an address or a name without a dot. The headers of other peers are ignored.
   * @default []
   */
  trustedProxies?: readonly string[] | undefined;
  /**
   * Ids of runs and conversations in the log: `short`, their first 8 characters, or `full`, by which anybody can read and
   * cancel runs if all clients share the principal `anonymous`. `full` also logs the principal, and makes log lines searchable by the ids
   * that clients show. Ids of connections are always logged in full.
   * @default 'short'
   */
  logIds?: LogIds | undefined;
  /**
   * Served at `/metrics`, to everybody who may reach the other routes: a `Registry` of the package `prom-client`, which
   * `createMetrics` of `agent-ws/metrics` fills.
   * @default none
   */
  metrics?: MetricsSource | undefined;
}

/**
 * Relates the hooks to the tools. The type of `tools` cannot: the compiler checks it first while it does not know what hooks
 * with an inferred `request` return, and takes that for a `Principal`, which tools that require more do not fit.
 */
export type FitsTools<P extends Principal, Metadata, T extends Tool<never, never>> = ([T] extends [Tool<P, never>]
  ? unknown
  : { authenticate: (request: IncomingMessage) => Awaitable<PrincipalOf<T> | null> }) &
  ([T] extends [Tool<never, Metadata>]
    ? unknown
    : { metadata: (request: IncomingMessage, principal: never) => MetadataOf<T> });

/** What tools require: of a union of tools, the types that all of them accept. */
type PrincipalOf<T> = IntersectionOf<T extends Tool<infer P, never> ? (value: P) => void : never>;
type MetadataOf<T> = IntersectionOf<T extends Tool<never, infer Metadata> ? (value: Metadata) => void : never>;
type IntersectionOf<Consumer> = [Consumer] extends [(value: infer All) => void] ? All : never;

/**
 * Characters of a path (RFC 3986, section 3.3). The path is compared as sent, so another spelling would match nothing.
 */
const PATH = /^\/(?:[\w\-.~!$&'()*+,;=:@/]|%[\dA-F]{2})*$/i;

/** Among HTTP/2 servers, only one with a fallback to HTTP/1 gives WebSocket handshakes to its listeners. */
const httpServer: Rule = {
  sentence: 'a Node http.Server or https.Server',
  read(option, value) {
    const { on, updateSettings, headersTimeout } = Object(value) as Record<string, unknown>;
    if (typeof on !== 'function') throw new OptionError(option, httpServer.sentence, value);
    if (typeof updateSettings !== 'function' || headersTimeout !== undefined) return value;
    throw new OptionError(
      option,
      `Option "${option}" is a server of HTTP/2 alone, which gives no WebSocket handshake to anybody: pass ` +
        'http.createServer(), https.createServer() or http2.createSecureServer({ allowHTTP1: true })',
    );
  },
};

/**
 * The table of options: what each is for, its rule and its default. Options of a part are defined beside the part,
 * which may be used without a server. Flags, variables, `--help` and docs/options.md are made from this table.
 */
export const SERVER_OPTIONS = {
  server: { text: 'The server to attach to.', rule: httpServer, required: true },
  ...omit(EXECUTOR_OPTIONS, 'tools', 'ledger', 'conversations'),
  tools: {
    text: EXECUTOR_OPTIONS.tools.text,
    rule: must(
      'an array of tools, or a function',
      (tools) =>
        typeof tools === 'function' || (typeof tools === 'object' && tools !== null && Symbol.iterator in tools),
    ),
    defaultText: 'none',
  },
  store: {
    text: 'Keeps runs, conversations and the record of tool calls.',
    rule: aStore,
    defaultText: 'a new memory store',
  },
  path: {
    text: 'Path of the WebSocket endpoint.',
    rule: text('a path as it stands in a URL: it begins with "/", has no query and is percent-encoded', (path) =>
      PATH.test(path),
    ),
    default: DEFAULT_PATH,
  },
  authenticate: {
    text: 'Who connects.',
    rule: aFunction,
    defaultText: 'everybody is anonymous; see `anonymous`',
  },
  authMessageTimeoutMs: {
    text: 'How long a client that offers `agent-ws.auth` may take to send `auth` as its first message.',
    rule: delay(1),
    default: 5_000,
  },
  anonymous: {
    text: 'Who clients are without `authenticate`: `separate`, a principal for each browser and each `client_secret`, or `shared`, the one principal `anonymous` for all.',
    rule: choice('separate', 'shared'),
    default: 'separate',
  },
  authenticateTimeoutMs: { text: 'How long `authenticate` may take.', rule: delay(1), default: 10_000 },
  metadata: { text: 'Makes your own metadata of a connection.', rule: aFunction, defaultText: 'undefined' },
  encryption: {
    text: "Messages that are encrypted between client and server, where TLS ends at somebody else's proxy: see {@link EncryptionOptions}.",
    rule: nested<EncryptionOptions>()(ENCRYPTION_OPTIONS),
    defaultText: 'none',
  },
  allowedOrigins: {
    text: 'Origins of pages that may connect besides the same host and loopback: `https://app.example`, or `*` for all.',
    // An entry that can match nothing would exclude those that it was meant to admit.
    rule: list(
      'origins such as "https://app.example", or "*"',
      orAll((entry) => parseOrigin(entry) !== undefined),
    ),
    default: [],
  },
  allowedHosts: {
    text: 'Host names that are served, without port, or `*` for all.',
    rule: list(
      'host names or addresses, or "*"',
      orAll((entry) => (hostnameOf(entry) ?? hostnameOf(`[${entry}]`)) !== undefined),
    ),
    defaultText: 'loopback names if the server is bound to loopback, otherwise all',
  },
  trustedProxies: {
    text: 'Proxies in front of the server, whose `X-Forwarded` headers and `Forwarded` count: addresses, networks such as `10.0.0.0/8`, or `*` for all.',
    rule: list('addresses, networks such as "10.0.0.0/8", or "*"', orAll(isProxyEntry)),
    default: [],
  },
  logIds: {
    text: 'Ids of runs and conversations in the log: `short`, their first 8 characters, or `full`, by which anybody can read and cancel runs if all clients share the principal `anonymous`.',
    rule: choice('short', 'full'),
    default: 'short',
  },
  metrics: {
    text: 'Served at `/metrics`, to everybody who may reach the other routes: a `Registry` of the package `prom-client`, which `createMetrics` of `agent-ws/metrics` fills.',
    rule: methods('a Registry of prom-client', ['metrics']),
    defaultText: 'none',
  },
  ...omit(CONNECTION_OPTIONS, 'epoch', 'epochOf', 'nodeId', 'attachments'),
  ...SOCKET_OPTIONS,
  ...omit(RUN_OPTIONS, 'executor', 'store', 'cluster'),
  ...pick(MESSAGE_HANDLER_OPTIONS, { rateLimits: true }),
  ...ROOM_LIMITS,
  ...pick(MEMORY_STORE_OPTIONS, {
    retainMs: true,
    maxRetainedBytes: true,
    maxConversationBytes: true,
    maxOwnerConversationBytes: true,
  }),
} as const satisfies OptionTable<AgentSocketServerOptions>;

function orAll(isEntry: (entry: string) => boolean): (entry: string) => boolean {
  return (entry) => entry === '*' || isEntry(entry);
}
