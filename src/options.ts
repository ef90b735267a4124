import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { LlmProvider } from './agent/llm-provider.js';
import type { Tool } from './agent/tool.js';
import type { ToolRegistry } from './agent/tool-registry.js';
import type { ConnectionManagerOptions } from './connection/connection-manager.js';
import type { Principal } from './connection/principal.js';
import { OptionError } from './errors/option-error.js';
import type { Logger } from './logging/logger.js';
import { DEFAULT_PATH } from './protocol/version.js';
import type { AgentExecutorOptions } from './run/executor.js';
import type { MemoryRunStoreOptions } from './run/memory-run-store.js';
import type { RunManagerOptions } from './run/run-manager.js';
import type { WsAcceptorOptions } from './transport/ws-socket.js';

/** Options of the parts that the server passes on as they are; each part documents and checks its own. */
type PartOptions = Omit<ConnectionManagerOptions, 'epoch' | 'logger'> &
  Omit<RunManagerOptions, 'executor' | 'logger'> &
  Omit<AgentExecutorOptions, 'provider' | 'tools' | 'ledger' | 'logger'> &
  Pick<MemoryRunStoreOptions, 'retainMs' | 'maxRetainedBytes'> &
  WsAcceptorOptions;

/** What `createAgentSocketServer` takes. Times in milliseconds, sizes in bytes. */
export interface AgentSocketServerOptions<P extends Principal = Principal, Metadata = undefined> extends PartOptions {
  /** The server to attach to. It may be listening already, and may carry other routes and upgrades. */
  server: HttpServer | HttpsServer;
  /** The model behind `agent_query` and `streaming_query`. */
  provider: LlmProvider;
  /**
   * The tools of the model and of `tool_call`.
   * @default none
   */
  tools?: ToolRegistry | Iterable<Tool> | undefined;
  /**
   * Path of the endpoint.
   * @default '/ws/agent'
   */
  path?: string | undefined;
  /**
   * Called once for every handshake, after Origin and Host were checked and a slot is reserved. What it returns
   * (or resolves to) owns the connection and its runs; `null` refuses with close code 4401, as does throwing
   * (the error is logged). Throwing an `AgentSocketError` with code `forbidden` refuses with 4403.
   * @default everybody is anonymous and shares one namespace of runs
   */
  authenticate?: ((request: IncomingMessage) => P | null | Promise<P | null>) | undefined;
  /**
   * How long `authenticate` may take; over it the handshake ends with 4408.
   * @default 10000
   */
  authenticateTimeoutMs?: number | undefined;
  /**
   * Makes the embedder's own metadata of a connection. Called once, after `authenticate`; throwing refuses with 1011.
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
   * Values of `Host` that are served, without port, or `'*'` for all.
   * @default loopback names where the server is bound to loopback (DNS rebinding), otherwise all
   */
  allowedHosts?: readonly string[] | undefined;
  /**
   * Where the server reports. Message content, tokens and keys are never logged.
   * @default silent
   */
  logger?: Logger | undefined;
}

/** Numbers that no part checks itself: name, least value. */
const LEAST: readonly [keyof AgentSocketServerOptions, number][] = [
  ['authenticateTimeoutMs', 1],
  ['maxMessageBytes', 1_024],
  ['backpressureBytes', 1],
  ['slowConsumerMs', 1],
  ['maxSteps', 1],
  ['maxToolResultBytes', 1],
];

/**
 * Checks what the compiler cannot.
 * @throws OptionError that names the option, its rule and the value received.
 */
export function checkOptions<P extends Principal, Metadata>(options: AgentSocketServerOptions<P, Metadata>): void {
  // Callers without a compiler may leave these out.
  const given = options as Partial<AgentSocketServerOptions<P, Metadata>>;
  if (typeof given.server?.on !== 'function')
    throw new OptionError('server', 'a Node http.Server or https.Server', given.server);
  if (typeof given.provider?.stream !== 'function') {
    throw new OptionError(
      'provider',
      'an LlmProvider: an object with a "vendor" and a "stream" method',
      given.provider,
    );
  }
  const path = given.path ?? DEFAULT_PATH;
  if (!/^\/[^?#\s]*$/.test(path)) throw new OptionError('path', 'a path that begins with "/", without query', path);
  for (const [name, least] of LEAST) {
    const value: unknown = given[name];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < least) {
      throw new OptionError(name, `a number of at least ${least}`, value);
    }
  }
  for (const name of ['authenticate', 'metadata'] as const) {
    const hook = given[name];
    if (hook !== undefined && typeof hook !== 'function') throw new OptionError(name, 'a function', hook);
  }
  for (const name of ['allowedOrigins', 'allowedHosts'] as const) {
    const list: unknown = given[name];
    if (list === undefined) continue;
    if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string')) {
      throw new OptionError(name, 'an array of strings', list);
    }
  }
}
