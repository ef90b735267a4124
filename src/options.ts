import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { checkProvider } from './agent/check-provider.js';
import type { LlmProvider } from './agent/llm-provider.js';
import type { Tool } from './tool/tool.js';
import type { ToolRegistry } from './tool/tool-registry.js';
import type { ConnectionManagerOptions } from './connection/connection-manager.js';
import type { Principal } from './connection/principal.js';
import { checkKnownOptions } from './runtime/check-known-options.js';
import { checkNumber, MAX_DELAY_MS } from './runtime/check-number.js';
import { OptionError } from './runtime/option-error.js';
import type { KnownOptions } from './runtime/unknown-option.js';
import { hostnameOf } from './http/host.js';
import { parseOrigin } from './http/origin.js';
import { isProxyEntry } from './http/trusted-proxies.js';
import type { LogIds } from './runtime/log-ids.js';
import { checkLogger } from './runtime/check-logger.js';
import type { Logger } from './runtime/logger.js';
import { DEFAULT_PATH } from './protocol/version.js';
import type { AgentExecutorOptions, ToolsOf } from './agent/executor-options.js';
import type { MemoryStoreOptions } from './stores/memory/memory-store.js';
import type { RunManagerOptions } from './run/run-manager-options.js';
import type { Store } from './store/store.js';
import type { WsAcceptorOptions } from './transport/ws-socket.js';

/** Options of the parts that the server passes on as they are; each part documents and checks its own. */
type PartOptions<P extends Principal, Metadata> = Omit<ConnectionManagerOptions, 'epoch' | 'attachments' | 'logger'> &
  Omit<RunManagerOptions, 'executor' | 'store' | 'logger'> &
  Omit<AgentExecutorOptions<P, Metadata>, 'provider' | 'tools' | 'ledger' | 'conversations' | 'logger'> &
  Pick<MemoryStoreOptions, 'retainMs' | 'maxRetainedBytes' | 'maxConversationBytes'> &
  WsAcceptorOptions;

/** What `createAgentSocketServer` takes. Times in milliseconds, sizes in bytes. */
export interface AgentSocketServerOptions<P extends Principal = Principal, Metadata = undefined> extends PartOptions<
  P,
  Metadata
> {
  /** The server to attach to. It may be listening already, and may carry other routes and upgrades. */
  server: HttpServer | HttpsServer;
  /** The model behind `agent_query` and `streaming_query`. */
  provider: LlmProvider;
  /**
   * The tools of the model and of `tool_call`: the same for all, or those of the one who asks.
   * @default none
   */
  tools?:
    | ToolRegistry<NoInfer<P>, NoInfer<Metadata>>
    | Iterable<Tool<NoInfer<P>, NoInfer<Metadata>>>
    | ToolsOf<NoInfer<P>, NoInfer<Metadata>>
    | undefined;
  /**
   * Keeps runs, conversations and the record of tool calls. It stays open when the server closes. `retainMs`,
   * `maxRetainedBytes` and `maxConversationBytes` are for the default only.
   * @default a new memory store
   */
  store?: Store | undefined;
  /**
   * Path of the endpoint, percent-encoded where it needs to be.
   * @default '/ws/agent'
   */
  path?: string | undefined;
  /**
   * Called once for every handshake, after Origin and Host were checked and a slot is reserved. What it returns
   * (or resolves to) owns the connection and its runs; `null` refuses with close code 4401, as does throwing
   * (the error is logged); a principal without a string `id` refuses with 1011. Throwing an `AgentSocketError` with code `forbidden` refuses with 4403.
   * @default everybody is anonymous and shares one namespace of runs
   */
  authenticate?: ((request: IncomingMessage) => P | null | Promise<P | null>) | undefined;
  /**
   * How long `authenticate` may take; over it the handshake ends with 4408.
   * @default 10000
   */
  authenticateTimeoutMs?: number | undefined;
  /**
   * Makes the embedder's own metadata of a connection. Called once, after `authenticate`; throwing refuses with 1011, as
   * does a promise: nobody waits for it. What takes time belongs into `authenticate`, whose principal comes along here.
   * Where the types are inferred it has to stand behind `authenticate`.
   * @default undefined
   */
  metadata?: ((request: IncomingMessage, principal: P) => Metadata) | undefined;
  /**
   * Origins of pages that may connect besides the same host and loopback: `'https://app.example'`, or `'*'` for all.
   * Clients that send no Origin are no browsers and always pass.
   * @default []
   */
  allowedOrigins?: readonly string[] | undefined;
  /**
   * Hosts that are served, without port, or `'*'` for all. The host of a request is its `Host` header, in HTTP/2 its
   * `:authority`, and behind one of `trustedProxies` its `X-Forwarded-Host`. A refused one is logged.
   * @default loopback names where the server is bound to loopback (DNS rebinding), otherwise all
   */
  allowedHosts?: readonly string[] | undefined;
  /**
   * Proxies in front of this server: addresses, networks such as `'10.0.0.0/8'`, or `'*'` for whoever connects. Their
   * `X-Forwarded-Host` counts as the host for `allowedHosts` and for pages of the same host, their `X-Forwarded-Proto` as
   * the scheme, and their `X-Forwarded-For` as `remoteAddress` of a connection. `Host` then has to be served as well, or
   * be an address or a name without a dot. Anybody else's headers are ignored.
   * @default []
   */
  trustedProxies?: readonly string[] | undefined;
  /**
   * Where the server reports. Message content, tokens and keys are never logged.
   * @default warnings and errors on the console; `false` for none
   */
  logger?: Logger | false | undefined;
  /**
   * How ids look in its lines. `'short'`: the ids of runs and conversations are cut to 8 characters, since they are all it
   * takes to read and cancel where everybody is anonymous, and principals are left out. `'full'`: whole, so that a line
   * can be found by what a client shows. Ids of connections are always whole.
   * @default 'short'
   */
  logIds?: LogIds | undefined;
}

const SERVER_OPTIONS: KnownOptions<AgentSocketServerOptions> = {
  server: true,
  provider: true,
  tools: true,
  store: true,
  path: true,
  authenticate: true,
  authenticateTimeoutMs: true,
  metadata: true,
  allowedOrigins: true,
  allowedHosts: true,
  trustedProxies: true,
  logger: true,
  logIds: true,
  maxConnections: true,
  heartbeatIntervalMs: true,
  slowConsumerMs: true,
  maxMessageBytes: true,
  backpressureBytes: true,
  perMessageDeflate: true,
  maxRunsPerConnection: true,
  maxRunMs: true,
  maxRunBytes: true,
  maxLogBytes: true,
  coalesceMs: true,
  detachGraceMs: true,
  maxConversationBytes: true,
  retainMs: true,
  maxRetainedBytes: true,
  systemPrompt: true,
  model: true,
  attachments: true,
  maxContextTokens: true,
  fitContext: true,
  approvalTimeoutMs: true,
  clientMayChoose: true,
  maxSteps: true,
  maxToolResultBytes: true,
};

/** Characters of a path (RFC 3986, section 3.3). It is compared as sent, so another spelling would match nothing. */
const PATH = /^\/(?:[\w\-.~!$&'()*+,;=:@/]|%[\dA-F]{2})*$/i;

/** `authenticateTimeoutMs` where none is given. */
export const AUTHENTICATE_TIMEOUT_MS = 10_000;

/**
 * Checks what the compiler cannot.
 * @throws OptionError that names the option, its rule and the value received.
 */
export function checkOptions<P extends Principal, Metadata>(options: AgentSocketServerOptions<P, Metadata>): void {
  checkKnownOptions(options, SERVER_OPTIONS);
  // Callers without a compiler may leave these out.
  const given = options as Partial<AgentSocketServerOptions<P, Metadata>>;
  checkServer(given.server);
  checkProvider(given.provider);
  const path: unknown = given.path ?? DEFAULT_PATH;
  if (typeof path !== 'string' || !PATH.test(path)) {
    throw new OptionError(
      'path',
      'a path as it stands in a URL: it begins with "/", has no query and is percent-encoded',
      path,
    );
  }
  checkNumber('authenticateTimeoutMs', given.authenticateTimeoutMs ?? AUTHENTICATE_TIMEOUT_MS, {
    least: 1,
    most: MAX_DELAY_MS,
  });
  for (const name of ['authenticate', 'metadata'] as const) {
    const hook: unknown = given[name];
    if (hook !== undefined && typeof hook !== 'function') throw new OptionError(name, 'a function', hook);
  }
  checkList('allowedOrigins', given.allowedOrigins, 'origins such as "https://app.example", or "*"', isOrigin);
  checkList('allowedHosts', given.allowedHosts, 'host names or addresses, or "*"', isHost);
  checkList('trustedProxies', given.trustedProxies, 'addresses, networks such as "10.0.0.0/8", or "*"', isProxyEntry);
  if (given.tools !== undefined && typeof given.tools !== 'function' && !isIterable(given.tools))
    throw new OptionError('tools', 'an array of tools, or a function', given.tools);
  checkStore(given.store);
  checkLogger(given.logger);
  if (given.logIds !== undefined && !['short', 'full'].includes(given.logIds))
    throw new OptionError('logIds', '"short" or "full"', given.logIds);
}

/** Of the servers of HTTP/2 only one that falls back to HTTP/1 gives WebSocket handshakes to its listeners. */
function checkServer(server: unknown): void {
  const { on, updateSettings, headersTimeout } = Object(server) as Record<string, unknown>;
  if (typeof on !== 'function') throw new OptionError('server', 'a Node http.Server or https.Server', server);
  if (typeof updateSettings !== 'function' || headersTimeout !== undefined) return;
  throw new OptionError(
    'server',
    'Option "server" is a server of HTTP/2 alone, which gives no WebSocket handshake to anybody: pass http.createServer(), ' +
      'https.createServer() or http2.createSecureServer({ allowHTTP1: true })',
  );
}

function checkList(option: string, list: unknown, what: string, isEntry: (entry: string) => boolean): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw new OptionError(option, `an array of ${what}`, list);
  for (const entry of list as unknown[]) {
    // An entry that can match nothing would keep out whom it was meant to let in.
    if (typeof entry !== 'string' || !(entry === '*' || isEntry(entry))) {
      throw new OptionError(option, `an array of ${what}`, entry);
    }
  }
}

function isOrigin(text: string): boolean {
  return parseOrigin(text) !== undefined;
}

function isHost(text: string): boolean {
  return (hostnameOf(text) ?? hostnameOf(`[${text}]`)) !== undefined;
}

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function checkStore(store: unknown): void {
  if (store === undefined) return;
  const parts = Object(store) as Record<string, unknown>;
  for (const part of ['runs', 'ledger', 'conversations']) {
    if (typeof parts[part] !== 'object' || parts[part] === null) {
      throw new OptionError('store', 'a Store, such as createMemoryStore() makes', store);
    }
  }
}
