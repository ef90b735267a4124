import * as z from 'zod';
import { failure, json } from './reply.js';
import type { Route } from './route.js';

/** The body of `GET /ws/statistics`: the documented keys in this order, and then further ones. */
export const statisticsSchema = z
  .object({
    active_connections: z.int().min(0).describe('Connections that are open now.'),
    total_connections: z.int().min(0).describe('Connections accepted since the start.'),
    total_messages: z.int().min(0).describe('Messages received since the start.'),
    connections: z.array(
      z.object({
        id: z.string().describe('The `connection_id` the client was told.'),
        connected_at: z.number().describe('Unix time in seconds.'),
        message_count: z.int().min(0).describe('Messages received from it.'),
        uptime: z.number().min(0).describe('Seconds since it was accepted.'),
      }),
    ),
    active_runs: z.int().min(0).optional().describe('Runs in progress.'),
    node_id: z
      .string()
      .optional()
      .describe('The node that answers. Only with `scope=cluster`, and if there is a cluster.'),
    nodes: z
      .array(
        z.object({
          id: z.string().describe('Made at each start of the process.'),
          version: z.string(),
          draining: z.boolean().describe('Whether the node ends, and accepts no new connections.'),
          active_connections: z.int().min(0),
          total_connections: z.int().min(0),
          total_messages: z.int().min(0),
          active_runs: z.int().min(0),
          concurrency: z
            .int()
            .min(0)
            .optional()
            .describe(
              'How many runs the node takes from the line for workers at the same time; 0 if it is no worker, or ends. Absent for a node of an older version.',
            ),
        }),
      )
      .optional()
      .describe(
        'The nodes that are alive, others as of about two seconds ago. Only with `scope=cluster`: the numbers above are then the sums, and `connections` are those of the node that answers.',
      ),
  })
  .describe('How busy the server is.');

type Body = z.output<typeof statisticsSchema>;

/** The statistics of the engine. Further keys follow the documented ones. */
export type StatisticsSnapshot = Readonly<Omit<Body, 'connections'>> & {
  readonly connections: readonly Readonly<Body['connections'][number]>[];
};

/** One process of a cluster. */
interface NodeSnapshot {
  readonly id: string;
  readonly version: string;
  readonly draining: boolean;
  readonly connections: number;
  readonly totalConnections: number;
  readonly totalMessages: number;
  readonly runs: number;
  readonly concurrency?: number | undefined;
}

/** The processes of a cluster. */
export interface ClusterSnapshot {
  /** The process that answers. */
  readonly nodeId: string;
  readonly nodes: readonly NodeSnapshot[];
}

/** `GET /ws/statistics`. */
export function statisticsRoute(snapshot: () => StatisticsSnapshot, cluster?: ClusterSnapshot): Route {
  return {
    path: '/ws/statistics',
    summary: { en: 'Connections and messages, counted', zh: '连接与消息统计' },
    parameters: [
      { name: 'scope', meaning: 'All nodes of the cluster, not only the one that answers.', values: [CLUSTER] },
    ],
    answers: [
      { status: 200, meaning: 'The counts of this moment.', type: 'application/json', schema: 'Statistics' },
      { status: 400, meaning: 'There is no such `scope`.', type: 'application/json', schema: 'Error' },
      {
        status: 401,
        meaning: 'The server authenticates clients, and does not know who asks.',
        type: 'application/json',
        schema: 'Error',
      },
    ],
    action: 'statistics',
    reply: (query) => {
      const scope = new URLSearchParams(query).get('scope');
      if (scope === null) return json(200, inOrder(snapshot()));
      if (scope !== CLUSTER) return failure(400, `The scope must be "${CLUSTER}", or absent`);
      return json(200, inOrder(cluster === undefined ? { ...snapshot(), nodes: [] } : sumOf(snapshot(), cluster)));
    },
  };
}

const CLUSTER = 'cluster';

function sumOf({ connections }: StatisticsSnapshot, { nodeId, nodes }: ClusterSnapshot): StatisticsSnapshot {
  const sum = (count: (node: NodeSnapshot) => number): number => nodes.reduce((total, node) => total + count(node), 0);
  return {
    active_connections: sum((node) => node.connections),
    total_connections: sum((node) => node.totalConnections),
    total_messages: sum((node) => node.totalMessages),
    connections,
    active_runs: sum((node) => node.runs),
    node_id: nodeId,
    nodes: nodes.map(({ id, version, draining, ...counts }) => ({
      id,
      version,
      draining,
      active_connections: counts.connections,
      total_connections: counts.totalConnections,
      total_messages: counts.totalMessages,
      active_runs: counts.runs,
      concurrency: counts.concurrency,
    })),
  };
}

/** Puts the documented keys first, whatever their order. */
function inOrder(snapshot: StatisticsSnapshot): StatisticsSnapshot {
  const { active_connections, total_connections, total_messages, connections, ...more } = snapshot;
  return {
    active_connections,
    total_connections,
    total_messages,
    connections: connections.map(({ id, connected_at, message_count, uptime, ...rest }) => ({
      id,
      connected_at,
      message_count,
      uptime,
      ...rest,
    })),
    ...more,
  };
}
