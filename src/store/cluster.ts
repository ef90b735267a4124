import type { CancelReason } from '../protocol/server-messages.js';
import type { Awaitable } from '../runtime/awaitable.js';
import type { ClusterCounts } from './counts.js';
import type { StoredRun } from './run-store.js';

/** One process of a cluster, as it describes itself with every beat. */
export interface NodeInfo {
  /** Version of the package. */
  readonly version: string;
  /** Whether the node accepts no new connections, since it ends. */
  readonly draining: boolean;
  readonly connections: number;
  /** Connections since the start of the node. */
  readonly totalConnections: number;
  /** Messages of clients since the start of the node. */
  readonly totalMessages: number;
  /** Runs that the node executes. */
  readonly runs: number;
  /**
   * How many runs the node takes from the line of a queue at the same time: 0 for a service, and for a worker that ends.
   * Absent for a node of an older version, which may be a worker.
   */
  readonly concurrency?: number | undefined;
  /** Whether the node can put runs into the line of a queue. */
  readonly hasLine?: boolean | undefined;
}

/** A node that is alive. */
export interface ClusterNode extends NodeInfo {
  /** A UUID, made at each start of the process. */
  readonly id: string;
}

/** What a node knows of its cluster. */
export interface ClusterStatus {
  /** The id of this node. */
  readonly nodeId: string;
  /**
   * The nodes that are alive, in the order of their ids: this one as it is now, others as of their last beats. A node whose
   * stores do not answer knows them as they were.
   */
  readonly nodes: readonly ClusterNode[];
  /** Whether the stores answer. */
  readonly isReachable: boolean;
  /** Runs of nodes that are gone which this node has taken over since its start. */
  readonly reapedRuns: number;
  /** Runs of this node that another node took over since its start, because this one seemed gone. */
  readonly fencedRuns: number;
  /** How often, since the start, data of some owners was lost. */
  readonly losses: number;
  /** What this node counts of its work with the stores, for metrics; absent if the stores count nothing. */
  readonly counts?: ClusterCounts | undefined;
}

/** What a person decided about a tool call, on its way to the node that executes the run. */
export interface PassedDecision {
  readonly approved: boolean;
  readonly by: 'principal';
  readonly reason?: string | undefined;
}

/** How the connections of one node read a run. */
export interface NodeReading {
  /** Whether all of them lag. */
  readonly lags: boolean;
  /** Whether the client of the last one can come back. */
  readonly canReturn: boolean;
}

/** What other nodes want of a run, for its host. Everything may be told more than once. */
export interface RunFacts {
  /** Stop the run. */
  readonly stop?: CancelReason | undefined;
  /** Decisions about tool calls, by `toolCallId`: the first one counts. */
  readonly decisions?: Readonly<Record<string, PassedDecision>> | undefined;
  /**
   * The nodes that read the run by {@link Cluster.read}, by node id, its host included if it did before it became the
   * host; absent if nothing is known of a change.
   */
  readonly readers?: Readonly<Record<string, NodeReading>> | undefined;
}

/** Something that every node is told. */
export type ClusterEvent =
  | { readonly type: 'revoke'; readonly principalId: string }
  /** A message of the application for all connections, encoded. */
  | { readonly type: 'broadcast'; readonly encoded: string }
  /**
   * The node was away for so long that some events are lost to it: its connections must be closed, since a principal may
   * have been revoked. Only told by the cluster itself.
   */
  | { readonly type: 'missed' };

/** Gets what concerns this node. No method throws. */
export interface ClusterListener {
  /** How this node describes itself; called for each beat. */
  describe(): NodeInfo;
  /** Other nodes want something of a run that this node executes. */
  onFacts(owner: string, id: string, facts: RunFacts): void;
  /** The run, which this node executes or nobody does yet, is the first of its conversation now. */
  onTurn(owner: string, id: string): void;
  /**
   * The node that executed the run is gone, and this node is its host now: the run must be ended, or goes on if it waited
   * for a person. Also called for a run that this node was asked to {@link Cluster.adopt}.
   */
  onOrphan(run: StoredRun): void;
  /** Another node is the host of the run now: this node must not write, begin a tool or end the run any more. */
  onFenced(owner: string, id: string): void;
  /**
   * The log of a run that another node wrote cannot be read any further with this object: what it gave is lost, or the
   * run is. Whoever reads it must open the run again.
   */
  onUnreadable(run: StoredRun): void;
  /** Another node has created a run in a conversation that is watched here. */
  onCreated(run: StoredRun): void;
  /** Something that every node is told. */
  onEvent(event: ClusterEvent): void;
  /** The data of these owners is lost: nothing is known of their runs any more. */
  onLost(isOf: (owner: string) => boolean): void;
}

/**
 * The processes that work with the same stores. Each run has one host: the node that executes it and alone writes its log.
 * Other nodes read the log, and leave what they want of the run as a fact in its record. A lost message between nodes
 * costs time and no content: facts are repeated, and logs are read from a position.
 */
export interface Cluster {
  /** The id of this node. */
  readonly nodeId: string;
  /** The nodes that are alive, this one included, as of the last beat. */
  readonly nodes: readonly ClusterNode[];
  /** Whether the stores answer. */
  readonly isReachable: boolean;
  /**
   * What this node counts of its work with the stores, for metrics.
   * @default nothing is counted
   */
  readonly counts?: ClusterCounts | undefined;
  /** Begins to beat. Called once, before anything else. */
  join(listener: ClusterListener): Awaitable<void>;
  /** Beats now, since the description of this node has changed. */
  announce(): void;
  /** Ends the membership: other nodes take over what this node still executes. Called once. */
  leave(): Promise<void>;
  /**
   * Takes over at once what a node still executes that is known to be gone, since somebody has seen its process end.
   * @default other nodes notice by themselves, a little later
   */
  reap?(nodeId: string): Awaitable<void>;
  /**
   * Lets the host stop a run. If no run has the id, the id is remembered for 60 s, and a run that is claimed with it is
   * stopped: see `stop` of a claim. A run without a host is adopted by this node: see {@link ClusterListener.onOrphan}.
   */
  stop(owner: string, id: string, reason: CancelReason): Awaitable<void>;
  /**
   * Ends a run that waits for a worker as abandoned, unless a node reads it. After {@link Cluster.read}, in the order of the
   * calls.
   * @default such a run waits on, and ends after a worker has begun it
   */
  abandon?(owner: string, id: string): void;
  /** Lets the host decide about a tool call. What counts is in the log of the run. */
  decide(owner: string, id: string, toolCallId: string, decision: PassedDecision): Awaitable<void>;
  /** Tells the host how this node reads a run; `undefined` if it reads it no more. Written in the order of the calls. */
  read(owner: string, id: string, reading: NodeReading | undefined): void;
  /**
   * Makes this node the host of a run that has none, and tells of it by {@link ClusterListener.onOrphan}; `undefined` if the
   * run has a host, or is over.
   */
  adopt(owner: string, id: string): Awaitable<StoredRun | undefined>;
  /** The runs of a conversation in progress on all nodes, in the order of their turns. */
  inProgress(owner: string, conversationId: string): Awaitable<readonly StoredRun[]>;
  /** Whether {@link ClusterListener.onCreated} is called for a conversation. */
  watch(owner: string, conversationId: string, active: boolean): void;
  /**
   * Tells every node, this one included, at least once. Rejects if the stores do not answer; a revocation is told when they
   * answer again.
   */
  tell(event: ClusterEvent): Awaitable<void>;
}
