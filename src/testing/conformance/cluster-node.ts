import assert from 'node:assert/strict';
import type { Cluster, ClusterEvent, NodeInfo, RunFacts } from '../../store/cluster.js';
import type { RunMeta, RunStore, StoredRun } from '../../store/run-store.js';
import type { Store } from '../../store/store.js';
import type { Subject } from './define-case.js';

/** A node whose process a case can stop. */
export interface NodeUnderTest {
  readonly store: Store;
  /** Stops what the node does by itself, as if its process stood still: it does not beat any more. */
  readonly freeze: () => void;
  /** Goes on after {@link NodeUnderTest.freeze}. */
  readonly thaw: () => void;
}

/** Starts the nodes of one cluster. */
export interface ClusterNodes extends Subject {
  start(): Promise<NodeUnderTest>;
  /** How long others take at most to notice that a node is dead, in milliseconds. */
  readonly noticeMs: number;
}

/** A node that has joined, and what its listener was told. */
export interface ListeningNode {
  readonly made: ClusterNodes;
  readonly cluster: Cluster;
  readonly runs: RunStore;
  info: NodeInfo;
  readonly orphans: StoredRun[];
  readonly created: StoredRun[];
  /** Ids of runs. */
  readonly turns: string[];
  readonly fenced: string[];
  readonly unreadable: string[];
  readonly events: ClusterEvent[];
  /** How often data was lost. */
  lost: number;
  /** How long to wait for what follows a death. */
  readonly patienceMs: number;
  /** What was told last of a run. */
  factsOf(meta: RunMeta): RunFacts | undefined;
  readonly freeze: () => void;
  readonly thaw: () => void;
  end(): Promise<void>;
}

/** Starts a node, and lets it join. */
export async function joinNode(made: ClusterNodes): Promise<ListeningNode> {
  const { store, freeze, thaw } = await made.start();
  const { cluster, runs } = store;
  assert(cluster !== undefined);
  const facts = new Map<string, RunFacts>();
  const node: ListeningNode = {
    made,
    cluster,
    runs,
    info: {
      version: '1.2.3',
      draining: false,
      connections: 0,
      totalConnections: 1,
      totalMessages: 2,
      runs: 3,
      concurrency: 4,
    },
    orphans: [],
    created: [],
    turns: [],
    fenced: [],
    unreadable: [],
    events: [],
    lost: 0,
    patienceMs: made.noticeMs + 10_000,
    factsOf: ({ owner, id }) => facts.get(JSON.stringify([owner, id])),
    freeze,
    thaw,
    end: async () => {
      await store.close();
    },
  };
  await cluster.join({
    describe: () => node.info,
    onFacts: (owner, id, told) => void facts.set(JSON.stringify([owner, id]), told),
    onTurn: (_, id) => void node.turns.push(id),
    onOrphan: (run) => void node.orphans.push(run),
    onFenced: (_, id) => void (node.fenced.includes(id) || node.fenced.push(id)),
    onUnreadable: (run) => void node.unreadable.push(run.meta.id),
    onCreated: (run) => void node.created.push(run),
    onEvent: (event) => void node.events.push(event),
    onLost: () => void node.lost++,
  });
  return node;
}
