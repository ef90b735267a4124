import { ClusterView } from './cluster-view.js';
import type { Connection } from './connection/connection.js';
import type { ConnectionManager } from './connection/connection-manager.js';
import type { Principal } from './connection/principal.js';
import type { MessageHandler } from './message/message-handler.js';
import { CLOSE_CODES } from './protocol/close-codes.js';
import { encodeMessage } from './protocol/encode.js';
import type { CustomMessage, ServerMessage } from './protocol/server-messages.js';
import type { RunManager } from './run/run-manager.js';
import { isLater } from './runtime/awaitable.js';
import type { Logger } from './runtime/logger.js';
import type { Cluster, ClusterEvent, NodeInfo } from './store/cluster.js';
import { isFinal } from './store/run-state.js';
import { VERSION } from './version.js';

/** How often a node looks whether it is cut off, and whether there are workers, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * How long the stores may not answer until a node closes its connections, in milliseconds: the clients may find a node that
 * reaches them. Longer than an outage that all nodes have in common usually takes.
 */
const CUT_OFF_MS = 45_000;

/** What {@link Membership} takes. */
export interface MembershipOptions<P extends Principal, Metadata> {
  /** Absent if the server is alone. */
  readonly cluster: Cluster | undefined;
  readonly connections: ConnectionManager<P, Metadata>;
  readonly runs: RunManager;
  readonly messages: Pick<MessageHandler<P, Metadata>, 'revoke'>;
  readonly handshakes: { readonly revoke: (principalId: string) => void };
  /** Whether the server accepts no new connections. */
  readonly isDraining: () => boolean;
  readonly logger: Logger;
}

/** The place of a server in its cluster: what it tells the other nodes, and what they tell it. */
export class Membership<P extends Principal, Metadata> {
  /** What is known of the cluster; `undefined` if the server is alone. */
  readonly status: ClusterView | undefined;
  readonly #options: MembershipOptions<P, Metadata>;
  #look: NodeJS.Timeout | undefined;
  /** Principals that this node has told the others to revoke, until it hears of that itself. */
  readonly #asked = new Set<string>();
  /** Since when the stores do not answer, on the monotonic clock. */
  #cutOffSince: number | undefined;

  constructor(options: MembershipOptions<P, Metadata>) {
    this.#options = options;
    this.status = options.cluster && new ClusterView(options.cluster, () => this.#describe());
  }

  /** Whether the stores of the cluster answer. */
  get isReachable(): boolean {
    return this.#options.cluster?.isReachable !== false;
  }

  /** Becomes a node of the cluster. */
  join(): void {
    const { cluster, runs, logger } = this.#options;
    const { status } = this;
    if (cluster === undefined || status === undefined) return;
    const listener = runs.clusterListener;
    this.#look = setInterval(() => {
      const now = performance.now();
      this.#checkReach(now);
      runs.lineWatch?.look(now);
    }, LOOK_MS);
    this.#look.unref();
    const joined = cluster.join({
      describe: () => this.#describe(),
      onFacts: (owner, id, facts) => listener.onFacts(owner, id, facts),
      onTurn: (owner, id) => listener.onTurn(owner, id),
      onOrphan: (run) => {
        // A worker takes runs that nobody has begun all the time.
        if (run.work === undefined || run.log.head > 0) status.reapedRuns++;
        listener.onOrphan(run);
      },
      onFenced: (owner, id) => {
        status.fencedRuns++;
        listener.onFenced(owner, id);
      },
      onUnreadable: (run) => listener.onUnreadable(run),
      onCreated: (run) => listener.onCreated(run),
      onEvent: (event) => this.#onEvent(event),
      onLost: (isOf) => {
        status.losses++;
        runs.lose(isOf);
        this.#sendAway(({ principal }) => isOf(principal.id));
      },
    });
    if (isLater(joined))
      joined.catch((error: unknown) => logger.error({ err: error }, 'The node cannot join its cluster'));
  }

  /** Ends what the server does by itself as a node. */
  stop(): void {
    clearInterval(this.#look);
  }

  /** Ends everything a principal has in progress on all nodes. Returns the number of connections closed here. */
  revoke(principalId: string): number {
    if (this.#options.cluster !== undefined) this.#asked.add(principalId);
    this.#tell({ type: 'revoke', principalId });
    return this.#revokeHere(principalId);
  }

  /** Sends a message to every connection of all nodes. */
  broadcast(message: ServerMessage | CustomMessage): void {
    const { cluster, connections } = this.#options;
    if (cluster === undefined) connections.broadcast(message);
    else this.#tell({ type: 'broadcast', encoded: encodeMessage(message) });
  }

  /** Lets the clients go elsewhere if this node has not reached the stores for long. */
  #checkReach(now: number): void {
    if (this.isReachable) return void (this.#cutOffSince = undefined);
    this.#cutOffSince ??= now;
    if (now - this.#cutOffSince < CUT_OFF_MS) return;
    this.#cutOffSince = now;
    const { connections, logger } = this.#options;
    logger.error(
      { connections: connections.size },
      'The stores of the cluster do not answer: clients are sent elsewhere',
    );
    this.#sendAway();
  }

  #describe(): NodeInfo {
    const { connections, runs, isDraining } = this.#options;
    const { totalConnections, totalMessages } = connections;
    return {
      version: VERSION,
      draining: isDraining(),
      connections: connections.size,
      totalConnections,
      totalMessages,
      runs: runs.size,
      // Without a queue it takes none, and while it ends neither.
      concurrency: runs.queue === undefined || isDraining() ? 0 : runs.queue.concurrency,
      hasLine: runs.queue !== undefined && !isDraining(),
    };
  }

  #tell(event: ClusterEvent): void {
    const { cluster, logger } = this.#options;
    const told = cluster?.tell(event);
    if (!isLater(told)) return;
    told.catch((error: unknown) => logger.error({ err: error, type: event.type }, 'The other nodes cannot be told'));
  }

  #onEvent(event: ClusterEvent): void {
    switch (event.type) {
      case 'revoke':
        this.#onRevoked(event.principalId);
        break;
      case 'broadcast':
        this.#options.connections.broadcastEncoded(event.encoded);
        break;
      case 'missed':
        // Whoever was thrown out meanwhile must not stay because this node was away.
        this.#sendAway();
    }
  }

  /** Closes connections so that their clients come back, here or elsewhere. */
  #sendAway(isMeant: (connection: Connection<P, Metadata>) => boolean = () => true): void {
    for (const connection of this.#options.connections) {
      if (isMeant(connection)) connection.close(CLOSE_CODES.draining);
    }
  }

  /** Nodes at which the principal had asked for nothing leave its waiting runs to the others. */
  #onRevoked(principalId: string): void {
    const closed = this.#revokeHere(principalId);
    if (!this.#asked.delete(principalId) && closed === 0) return;
    const { logger } = this.#options;
    this.#stopWaiting(principalId).catch((error: unknown) =>
      logger.error({ err: error }, 'The waiting runs of a revoked principal could not be stopped'),
    );
  }

  /** Stops the runs of a principal that wait for workers: no node executes them, so none would stop them. */
  async #stopWaiting(principalId: string): Promise<void> {
    const { cluster, runs } = this.#options;
    for (const { meta, host, state } of await runs.list({ id: principalId })) {
      if (host === '' && !isFinal(state)) await cluster?.stop(meta.owner, meta.id, 'requested');
    }
  }

  #revokeHere(principalId: string): number {
    const { connections, runs, messages, handshakes } = this.#options;
    handshakes.revoke(principalId);
    messages.revoke(principalId);
    for (const run of runs) {
      if (run.principal.id === principalId) run.stop({ state: 'cancelled', reason: 'requested' });
    }
    let closed = 0;
    for (const connection of connections) {
      if (connection.principal.id !== principalId || !connection.isOpen) continue;
      connection.close(CLOSE_CODES.unauthorized);
      closed++;
    }
    return closed;
  }
}
