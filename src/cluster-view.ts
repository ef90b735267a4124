import type { Cluster, ClusterNode, ClusterStatus, NodeInfo } from './store/cluster.js';
import type { ClusterCounts } from './store/counts.js';

/** What a server knows of its cluster; it counts what happens there. */
export class ClusterView implements ClusterStatus {
  reapedRuns = 0;
  fencedRuns = 0;
  losses = 0;
  readonly #cluster: Cluster;
  readonly #describe: () => NodeInfo;

  /** @param describe - this node as it is now */
  constructor(cluster: Cluster, describe: () => NodeInfo) {
    this.#cluster = cluster;
    this.#describe = describe;
  }

  get nodeId(): string {
    return this.#cluster.nodeId;
  }

  get nodes(): readonly ClusterNode[] {
    const { nodeId, nodes } = this.#cluster;
    const others = nodes.filter(({ id }) => id !== nodeId);
    return [...others, { id: nodeId, ...this.#describe() }].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  get counts(): ClusterCounts | undefined {
    return this.#cluster.counts;
  }

  get isReachable(): boolean {
    return this.#cluster.isReachable;
  }
}
