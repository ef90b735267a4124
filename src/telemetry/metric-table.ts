/** A row of {@link METRICS}. */
export interface MetricInfo {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds of the buckets of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

/** From the first token of a fast model to a person who gives up. */
const WAITS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** From a short answer to the default limit of a run. */
const WORK = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** How fast work stops: a provider that ignores its signal is left behind after a second. */
const STOPS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Every metric, by its name. No label holds an id, or a text that clients choose. */
export const METRICS = {
  agent_ws_connections: { type: 'gauge', help: 'Connections now, by state.', labels: ['state'] },
  agent_ws_connections_limit: { type: 'gauge', help: 'Connections that the server accepts.' },
  agent_ws_connections_opened_total: { type: 'counter', help: 'Connections accepted.' },
  agent_ws_connections_closed_total: {
    type: 'counter',
    help: 'Connections that ended, by close code.',
    labels: ['code'],
  },
  agent_ws_handshakes_refused_total: { type: 'counter', help: 'Handshakes refused, by reason.', labels: ['reason'] },
  agent_ws_messages_received_total: { type: 'counter', help: 'Valid messages received, by type.', labels: ['type'] },
  agent_ws_messages_refused_total: {
    type: 'counter',
    help: 'Messages refused, by error code; those above a rate have `rate_limited`.',
    labels: ['code'],
  },
  agent_ws_runs: { type: 'gauge', help: 'Runs in progress, by state.', labels: ['state'] },
  agent_ws_runs_started_total: { type: 'counter', help: 'Runs accepted, by kind.', labels: ['kind'] },
  agent_ws_runs_ended_total: {
    type: 'counter',
    help: 'Runs that ended, by kind, final state and error code.',
    labels: ['kind', 'state', 'code'],
  },
  agent_ws_run_seconds: {
    type: 'histogram',
    help: 'From the acceptance of a run to its end.',
    labels: ['kind'],
    buckets: WORK,
  },
  agent_ws_first_token_seconds: {
    type: 'histogram',
    help: 'From the acceptance of a query to the first text or reasoning of its model.',
    labels: ['kind'],
    buckets: WAITS,
  },
  agent_ws_token_gap_seconds: {
    type: 'histogram',
    help: 'From one piece of text or reasoning to the next of the same run.',
  },
  agent_ws_tokens_total: {
    type: 'counter',
    help: 'Tokens that models used, by direction and model.',
    labels: ['direction', 'model'],
  },
  agent_ws_tokens_after_cancel_total: {
    type: 'counter',
    help: 'Pieces of text that a provider gave after its run was cancelled. No client gets them.',
  },
  agent_ws_cancel_seconds: {
    type: 'histogram',
    help: 'From the cancel of a run to its end, when provider and tools have stopped or are left behind.',
    buckets: STOPS,
  },
  agent_ws_resumes_total: {
    type: 'counter',
    help: 'Resumes, by outcome: `resumed`, `reset` (the client starts over), or an error code.',
    labels: ['outcome'],
  },
  agent_ws_model_calls_total: { type: 'counter', help: 'Calls of the model, by outcome.', labels: ['outcome'] },
  agent_ws_model_call_seconds: { type: 'histogram', help: 'Duration of calls of the model.', buckets: WORK },
  agent_ws_tool_calls_total: {
    type: 'counter',
    help: 'Tool calls, by tool and outcome.',
    labels: ['tool', 'outcome'],
  },
  agent_ws_tool_call_seconds: {
    type: 'histogram',
    help: 'Duration of executed tool calls, without the wait for an approval.',
    labels: ['tool'],
    buckets: WORK,
  },
  agent_ws_approvals_total: { type: 'counter', help: 'Decisions of people about tool calls.', labels: ['decision'] },
  agent_ws_held_bytes: {
    type: 'gauge',
    help: 'Memory held for clients: runs in progress (`runs`), logs of ended runs (`retained`) and of rooms (`rooms`), what is not sent yet (`unsent`), and messages whose end has not come (`unfinished`).',
    labels: ['kind'],
  },
  agent_ws_cluster_members: { type: 'gauge', help: 'Nodes of the cluster that are alive. Absent without a cluster.' },
  agent_ws_cluster_reaped_runs_total: {
    type: 'counter',
    help: 'Runs of nodes that are gone which this node has taken over.',
  },
  agent_ws_cluster_fenced_runs_total: {
    type: 'counter',
    help: 'Runs of this node that another node took over, because this one seemed gone.',
  },
  agent_ws_partition_lost_total: { type: 'counter', help: 'How often the data of some owners was lost.' },
  agent_ws_cluster_beat_seconds: { type: 'histogram', help: 'From each beat of the node to the answer of Redis.' },
  agent_ws_cluster_forged_total: {
    type: 'counter',
    help: 'What was dropped since it was not signed with a secret of the cluster: `entry` of a log, `fact` about a run, `ticket` of the queue, `control` (what all nodes are told) or `beat`.',
    labels: ['kind'],
  },
  agent_ws_redis_up: { type: 'gauge', help: 'Whether the store of the cluster answers, 1 or 0.' },
  agent_ws_redis_calls_total: {
    type: 'counter',
    help: 'Calls of scripts that were sent to Redis, repeated ones included.',
    labels: ['script'],
  },
  agent_ws_redis_call_seconds: {
    type: 'histogram',
    help: 'Duration of calls that Redis answered without an error, not counting the wait for a disk or a replica.',
    labels: ['script'],
  },
  agent_ws_redis_retries_total: {
    type: 'counter',
    help: 'Pauses of calls before another attempt, since Redis could not be reached or could not do them.',
  },
  agent_ws_log_commit_seconds: {
    type: 'histogram',
    help: 'From the append of an entry to the log of a run until readers get it, which is when Redis has it.',
  },
  agent_ws_log_entries_per_call: { type: 'histogram', help: 'Entries of logs in each call that has any.' },
  agent_ws_log_waiting_bytes: { type: 'gauge', help: 'Memory of writes that Redis has not confirmed yet.' },
  agent_ws_log_resent_entries_total: {
    type: 'counter',
    help: 'Entries of logs that Redis had lost and that the node wrote again.',
  },
  agent_ws_follow_runs: { type: 'gauge', help: 'Runs of other nodes that this node follows for its readers.' },
  agent_ws_follow_looks_total: {
    type: 'counter',
    help: 'How often the node asked Redis where a followed log is: after `silence`, after a new subscription (`resubscribe`), or since entries before those it was told were missing (`gap`).',
    labels: ['reason'],
  },
  agent_ws_queue_tickets: {
    type: 'gauge',
    help: 'Runs in the line for workers, the same at every node; absent without a queue, or if the queue does not answer.',
  },
  agent_ws_queue_concurrency: {
    type: 'gauge',
    help: 'Runs that the workers that are alive take from the line at the same time, all together; 0 if there is no worker. The same at every node; absent without a queue, or while a node of an older version is alive.',
  },
  agent_ws_queue_wait_seconds: {
    type: 'histogram',
    help: 'From the addition of a ticket to its first delivery to this worker, by the clocks of both machines.',
  },
  agent_ws_drain_connections_left: {
    type: 'gauge',
    help: 'Connections that a node of a cluster that ends still has; 0 if it does not end.',
  },
} as const satisfies Readonly<Record<string, MetricInfo>>;

/** The name of a metric. */
export type MetricName = keyof typeof METRICS;
