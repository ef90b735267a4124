import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Tool } from './tool/tool.js';
import { ToolRegistry } from './tool/tool-registry.js';
import type { CheckToken } from './message/check-token.js';
import { ConnectionManager } from './connection/connection-manager.js';
import { CONNECTION_OPTIONS } from './connection/connection-options.js';
import { Anonymous } from './auth/anonymous.js';
import type { Principal } from './connection/principal.js';
import { MessageKeys } from './encryption/message-keys.js';
import { ENCRYPTION_OPTIONS, type EncryptionOptions } from './encryption/options.js';
import { EncryptedSocket } from './encryption/encrypted-socket.js';
import type { CustomMessage, ServerMessage } from './protocol/server-messages.js';
import { Membership } from './membership.js';
import { OptionError } from './runtime/option-error.js';
import { checkOptions, pick } from './runtime/option-table.js';
import { Access } from './http/access.js';
import { Guard } from './http/guard.js';
import { createHttpRoutes } from './http/router.js';
import { BoundedLog } from './runtime/bounded-log.js';
import { withLogIds } from './runtime/log-ids.js';
import { MESSAGE_HANDLER_OPTIONS } from './message/message-handler-options.js';
import { MessageHandler } from './message/message-handler.js';
import type { ClusterStatus } from './store/cluster.js';
import { SERVER_OPTIONS, type AgentSocketServerOptions, type FitsTools } from './options.js';
import { EXECUTOR_OPTIONS } from './agent/executor-options.js';
import { AgentExecutor } from './agent/executor.js';
import { MemoryRoomStore } from './stores/memory/memory-room-store.js';
import { createMemoryStore } from './stores/memory/memory-store.js';
import { MEMORY_STORE_OPTIONS } from './stores/memory/options.js';
import { ROOM_LIMITS } from './room/room-options.js';
import { Rooms } from './room/rooms.js';
import { Permissions } from './permission/permissions.js';
import { scopePolicy } from './permission/scope-policy.js';
import { RUN_OPTIONS, type BeforeRun } from './run/run-manager-options.js';
import { RunManager } from './run/run-manager.js';
import { Shutdown, type CloseOptions } from './shutdown.js';
import { Authenticator } from './transport/authenticator.js';
import { Handshakes } from './transport/handshakes.js';
import { attachUpgrade } from './transport/upgrade.js';
import { SOCKET_OPTIONS } from './transport/socket-options.js';
import { Audit } from './telemetry/audit.js';
import { traceService } from './telemetry/spans.js';
import { WsAcceptor } from './transport/ws-acceptor.js';
import { VERSION } from './version.js';

/** A running service, attached to an `http.Server`. */
export interface AgentSocketServer<P extends Principal = Principal, Metadata = undefined> {
  /** The connections and their events. */
  readonly connections: ConnectionManager<P, Metadata>;
  /** Handles the messages of the connections; register your own message types here. */
  readonly messages: MessageHandler<P, Metadata>;
  /** The runs and their events. */
  readonly runs: RunManager<P>;
  /** The rooms, what is said there, and who says it. */
  readonly rooms: Rooms<P>;
  /** Who connected, was refused, ran which tool and approved what: `agent.audit.on('event', listener)`. */
  readonly audit: Audit<P, Metadata>;
  /** What is known of the other processes that work with the same `store`; `undefined` if it is not for several. */
  readonly cluster: ClusterStatus | undefined;
  /** The tools; register more at any time. Empty if the option is a function. */
  readonly tools: ToolRegistry<P, Metadata>;
  /**
   * Answers the HTTP routes, redirects `/` to the test page, and answers 404 to everything else: `server.on('request',
   * agent.requestListener)`.
   */
  readonly requestListener: RequestListener;
  /** Answers the HTTP routes and calls `next` for everything else: `app.use(agent.middleware)`. */
  readonly middleware: (request: IncomingMessage, response: ServerResponse, next: (nothing?: unknown) => void) => void;
  /**
   * Answers a WebSocket handshake, whatever its path: for applications that route `upgrade` requests themselves, with
   * the arguments of an `upgrade` listener. Handshakes for `path` on `server` need no call. Invalid requests are
   * answered on the socket; nothing is thrown. After {@link close} it answers 503.
   */
  readonly handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /**
   * Sends a message to every connection, in a cluster to those of all nodes, encoded once. A connection gets it at least
   * once, unless it ends meanwhile. To choose connections of this process, use `connections.broadcast`.
   */
  broadcast(message: ServerMessage | CustomMessage): void;
  /**
   * Ends everything a principal has in progress, in a cluster on all nodes, after its credentials were withdrawn: its runs
   * are cancelled, and its connections closed with code 4401. Handshakes are refused about which `authenticate` was asked
   * before, also if it calls this itself. Does not keep the principal from coming back, which is for `authenticate` to
   * refuse. A node that is away at present closes its connections when it comes back,
   * and if this one is, the others are told when it reaches the store again.
   * @returns the number of connections of this process that were closed
   */
  revoke(principalId: string): number;
  /**
   * Replaces the keys for encrypted messages, of which `encryption.key` has the first ones: what `GET /ws/key` publishes,
   * and what new connections use. Open connections have keys of their own.
   * @param key - what `encryption.key` takes
   * @throws OptionError if it is no such key, or the server has no `encryption`
   */
  replaceMessageKey(key: EncryptionOptions['key']): void;
  /**
   * Ends the service and leaves the `http.Server` as it was before, still listening. New connections are refused,
   * clients that understand it are told to reconnect, runs in progress may finish within `drainMs`, and then all
   * connections close. In a cluster connections close first, their clients read on at other nodes, and other nodes take over
   * runs that wait for a person. A repeated call returns the same promise.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Attaches the agent service to an `http.Server`. It takes only its own path; other routes and upgrades stay as they
 * are.
 * @throws OptionError if an option breaks its rule.
 */
export function createAgentSocketServer<
  P extends Principal = Principal,
  Metadata = undefined,
  T extends Tool<never, never> = Tool<P, Metadata>,
>(given: AgentSocketServerOptions<P, Metadata, T> & FitsTools<P, Metadata, T>): AgentSocketServer<P, Metadata>;
export function createAgentSocketServer<P extends Principal, Metadata>(
  given: AgentSocketServerOptions<P, Metadata>,
): AgentSocketServer<P, Metadata> {
  const checked = checkOptions(given, SERVER_OPTIONS);
  const unnamed = withLogIds(checked.logger, checked.logIds);
  // One policy for all parts, so that scopes are read once.
  const options = { ...checked, logger: unnamed, permissions: checked.permissions ?? scopePolicy(unnamed) };
  const { server, path, logger } = options;
  const toolsOf = typeof options.tools === 'function' ? options.tools : undefined;
  const tools = typeof options.tools === 'function' ? new ToolRegistry<P, Metadata>() : toRegistry(options.tools);
  const wholeStore = options.store ?? createMemoryStore(pick(options, MEMORY_STORE_OPTIONS));
  const { runs: store, ledger, conversations, cluster, rooms: roomStore = new MemoryRoomStore() } = wholeStore;
  const executor = new AgentExecutor<P, Metadata>({
    ...pick(options, EXECUTOR_OPTIONS),
    tools: toolsOf ?? tools,
    ledger,
    conversations,
  });
  const connections = new ConnectionManager<P, Metadata>({
    ...pick(options, CONNECTION_OPTIONS),
    epoch: store.epoch,
    epochOf: store.epochOf?.bind(store),
    nodeId: cluster?.nodeId,
    attachments: executor.attachments,
  });
  const { encryption, maxMessageBytes } = options;
  const keys = encryption === undefined ? undefined : new MessageKeys(encryption.key);
  const acceptor = new WsAcceptor(pick(options, SOCKET_OPTIONS), keys !== undefined);
  // Created after all other checks of options, since it starts a timer.
  const beforeRun = options.beforeRun as BeforeRun | undefined;
  const runs = new RunManager<P>({ ...pick(options, RUN_OPTIONS), beforeRun, executor, store, cluster });
  const rooms = new Rooms<P>({ ...pick(options, ROOM_LIMITS), store: roomStore, logger });
  const checkToken: CheckToken = (connection, token) => handshakes.principalOf(connection, token);
  const messages = new MessageHandler<P, Metadata>({
    ...pick(options, MESSAGE_HANDLER_OPTIONS),
    runs,
    conversations,
    rooms,
    ...(options.authenticate !== undefined && { checkToken }),
  });
  if (options.tracer !== undefined) traceService({ connections, runs }, options.tracer);
  connections.on('message', (connection, data) => messages.handleMessage(connection, data));
  connections.on('renew', (connection) => {
    rooms.renew(connection);
    messages.recheck(connection);
  });

  const refusals = new BoundedLog(logger);
  const access = new Access({ ...options, refusals });
  const anonymous = new Anonymous({ mode: options.anonymous, isSecure: (request) => access.isSecure(request) });
  const authenticator = new Authenticator<P>({
    // Without the hook, P is the default, which an anonymous principal is.
    authenticate: options.authenticate ?? ((request) => anonymous.authenticate(request) as P),
    timeoutMs: options.authenticateTimeoutMs,
    logger,
    refusals,
  });
  const handshakes = new Handshakes<P, Metadata>({
    acceptor,
    connections,
    isAllowed: (request) => access.isHandshakeAllowed(request),
    remoteAddress: (request) => access.remoteAddress(request),
    retryAfter: () => shutdown.retryAfter,
    authenticator,
    authenticateTimeoutMs: options.authenticateTimeoutMs,
    authMessageTimeoutMs: options.authMessageTimeoutMs,
    hasCredentials: options.authenticate !== undefined,
    headers: anonymous.headers,
    encryption: keys && {
      isRequired: encryption?.required === true,
      protect: (socket, ready) => void new EncryptedSocket(socket, { keys, maxMessageBytes, ready }),
    },
    // Without the hook, Metadata is the default.
    metadata: options.metadata ?? (() => undefined as Metadata),
    logger,
    refusals,
  });
  const detachUpgrade = attachUpgrade(server, path, handshakes.handle);
  const detach = (): void => {
    detachUpgrade();
    authenticator.stop();
    // A delay may end a moment before its time, in which a handshake was let in.
    handshakes.stop();
    rooms.stop();
    membership.stop();
  };
  const shutdown = new Shutdown<P, Metadata>({
    connections,
    messages,
    runs,
    cluster,
    stopHandshakes: () => handshakes.stop(),
    detach,
  });
  const membership = new Membership<P, Metadata>({
    cluster,
    connections,
    runs,
    messages,
    handshakes,
    isDraining: () => shutdown.hasBegun,
    logger,
  });
  membership.join();

  const guard = new Guard({
    permissions: new Permissions(options),
    judge: options.authenticate && ((request) => authenticator.judge(request)),
    remoteAddress: (request) => access.remoteAddress(request),
    logger,
  });
  const routes = createHttpRoutes({
    path,
    info: { version: VERSION },
    messageKey: keys && (() => keys.published),
    logger,
    hostAllowed: (request, anyAddress) => access.isHostAllowed(request, anyAddress),
    ...(options.authenticate === undefined && { pageCookie: anonymous.pageCookie }),
    isReady: () =>
      !shutdown.hasBegun &&
      runs.recovering === undefined &&
      !connections.isFull &&
      wholeStore.isWritable !== false &&
      membership.isReachable,
    statistics: () => ({ ...connections.statistics(), active_runs: runs.size }),
    cluster: membership.status,
    metrics: options.metrics,
    tools: () => tools.describe(),
    guard,
  });
  return {
    connections,
    messages,
    runs,
    rooms,
    audit: new Audit({ connections, messages, runs }, guard, logger),
    cluster: membership.status,
    tools,
    requestListener: routes.listener,
    middleware: routes.middleware,
    handleUpgrade: handshakes.handle,
    revoke: (principalId) => membership.revoke(principalId),
    broadcast: (message) => membership.broadcast(message),
    replaceMessageKey: (key) => {
      if (keys === undefined)
        throw new OptionError('encryption', 'Option "encryption" must be given to replace its key');
      keys.replace(ENCRYPTION_OPTIONS.key.rule.read('encryption.key', key));
    },
    close: (closeOptions) => shutdown.begin(closeOptions),
  };
}

function toRegistry<P extends Principal, Metadata>(
  tools: ToolRegistry<P, Metadata> | Iterable<Tool<P, Metadata>> | undefined,
): ToolRegistry<P, Metadata> {
  return ToolRegistry.isInstance(tools) ? tools : new ToolRegistry(tools);
}
