import type { RunManager } from '../run/run-manager.js';
import { within } from '../runtime/within.js';
import type { ClusterStatus } from '../store/cluster.js';
import type { ClusterCounts } from '../store/counts.js';
import { lineConcurrency } from '../store/line-concurrency.js';
import type { WorkQueue } from '../store/work-queue.js';
import type { Instruments } from './instruments.js';

/** How long metrics wait for the length of the line, in milliseconds: it is in Redis, which may not answer. */
const SIZE_MS = 1_000;

/** Measures the cluster as this node knows it, and what this node does there. */
export function measureCluster(cluster: ClusterStatus, runs: RunManager, make: Instruments): void {
  make.gauge('agent_ws_cluster_members', (tell) => tell(cluster.nodes.length));
  make.gauge('agent_ws_redis_up', (tell) => tell(cluster.isReachable ? 1 : 0));
  make.total('agent_ws_cluster_reaped_runs_total', (tell) => tell(cluster.reapedRuns));
  make.total('agent_ws_cluster_fenced_runs_total', (tell) => tell(cluster.fencedRuns));
  make.total('agent_ws_partition_lost_total', (tell) => tell(cluster.losses));
  make.gauge('agent_ws_drain_connections_left', (tell) => {
    const self = cluster.nodes.find(({ id }) => id === cluster.nodeId);
    tell(self?.draining === true ? self.connections : 0);
  });
  measureQueue(cluster, runs, make);
  make.total('agent_ws_cluster_forged_total', (tell) => {
    const forged = new Map(Object.entries(cluster.counts?.forged ?? {}));
    const tickets = runs.queue?.counts?.forged ?? 0;
    if (tickets > 0) forged.set('ticket', (forged.get('ticket') ?? 0) + tickets);
    for (const [kind, count] of forged) tell(count, kind);
  });
  if (cluster.counts !== undefined) measureCounts(cluster.counts, make);
}

/** Measures the line of runs. A worker has none before it begins to take from one. */
function measureQueue(cluster: ClusterStatus, runs: RunManager, make: Instruments): void {
  make.gauge('agent_ws_queue_tickets', (tell) => {
    const { queue } = runs;
    return queue === undefined ? undefined : within(SIZE_MS, sizeOf(queue).then(tell, ignore));
  });
  make.gauge('agent_ws_queue_concurrency', (tell) => {
    const concurrency = runs.queue && lineConcurrency(cluster.nodes);
    if (concurrency !== undefined) tell(concurrency);
  });
  make.counted('agent_ws_queue_wait_seconds', (tell) => {
    const { counts } = runs.queue ?? {};
    if (counts !== undefined) tell(counts.waits);
  });
}

/** Measures what a node does with the stores. */
function measureCounts(counts: ClusterCounts, make: Instruments): void {
  make.counted('agent_ws_cluster_beat_seconds', (tell) => tell(counts.beats));
  make.total('agent_ws_redis_calls_total', (tell) => {
    for (const [name, { sent }] of counts.calls) tell(sent, name);
  });
  make.counted('agent_ws_redis_call_seconds', (tell) => {
    for (const [name, { ms }] of counts.calls) tell(ms, name);
  });
  make.total('agent_ws_redis_retries_total', (tell) => tell(counts.retries));
  make.counted('agent_ws_log_commit_seconds', (tell) => tell(counts.commits));
  make.counted('agent_ws_log_entries_per_call', (tell) => tell(counts.entriesPerCall));
  make.gauge('agent_ws_log_waiting_bytes', (tell) => tell(counts.waitingBytes));
  make.total('agent_ws_log_resent_entries_total', (tell) => tell(counts.resentEntries));
  make.gauge('agent_ws_follow_runs', (tell) => tell(counts.followedRuns));
  make.total('agent_ws_follow_looks_total', (tell) => {
    for (const [reason, count] of Object.entries(counts.looks)) tell(count, reason);
  });
}

async function sizeOf(queue: WorkQueue): Promise<number> {
  return await queue.size();
}

/** The number is absent then. */
function ignore(): void {}
