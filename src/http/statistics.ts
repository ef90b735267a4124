import { z } from 'zod';
import { json } from './reply.js';
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
  })
  .describe('How busy the server is.');

type Body = z.output<typeof statisticsSchema>;

/** The statistics of the engine. Further keys follow the documented ones. */
export type StatisticsSnapshot = Readonly<Omit<Body, 'connections'>> & {
  readonly connections: readonly Readonly<Body['connections'][number]>[];
};

/** `GET /ws/statistics`. */
export function statisticsRoute(snapshot: () => StatisticsSnapshot): Route {
  return {
    path: '/ws/statistics',
    summary: { en: 'Connections and messages, counted', zh: '连接与消息统计' },
    answers: [
      { status: 200, meaning: 'The counts of this moment.', type: 'application/json', schema: 'Statistics' },
      {
        status: 401,
        meaning: 'The server authenticates clients, and does not know who asks.',
        type: 'application/json',
        schema: 'Error',
      },
    ],
    action: 'statistics',
    reply: () => json(200, inOrder(snapshot())),
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
