import * as z from 'zod';
import { SUBPROTOCOL } from '../protocol/version.js';
import { json } from './reply.js';
import type { Route } from './route.js';

/** The body of the two probes. */
export const healthSchema = z
  .object({ status: z.enum(['ok', 'ready', 'not_ready']) })
  .describe('Health of the server.');

/** `GET /healthz`: answers as long as the process serves requests. Restart the process if it does not. */
export function healthRoute(): Route {
  return {
    path: '/healthz',
    anyAddress: true,
    summary: { en: 'Is the process alive?', zh: '进程是否存活' },
    answers: [{ status: 200, meaning: 'The process is alive.', type: 'application/json', schema: 'Health' }],
    reply: () => json(200, { status: 'ok' } satisfies z.output<typeof healthSchema>),
  };
}

/** `GET /readyz`: whether new connections are accepted. */
export function readyRoute(isReady: () => boolean): Route {
  return {
    path: '/readyz',
    anyAddress: true,
    summary: { en: 'Does the server accept connections?', zh: '是否可接受新连接' },
    answers: [
      { status: 200, meaning: 'The server accepts connections.', type: 'application/json', schema: 'Health' },
      {
        status: 503,
        meaning: 'The server is shutting down, at its limit of connections, or cannot write to its store.',
        type: 'application/json',
        schema: 'Health',
      },
    ],
    reply: () => {
      const ready = isReady();
      const body: z.output<typeof healthSchema> = { status: ready ? 'ready' : 'not_ready' };
      return json(ready ? 200 : 503, body);
    },
  };
}

/** A plain GET of the WebSocket endpoint: says how to connect. */
export function endpointRoute(path: string): Route {
  return {
    path,
    summary: { en: 'The WebSocket endpoint', zh: 'WebSocket 端点' },
    answers: [{ status: 426, meaning: 'Ask with a WebSocket client.', type: 'application/json', schema: 'Error' }],
    reply: () =>
      json(
        426,
        {
          error: 'This is a WebSocket endpoint: connect with a WebSocket client (ws:// or wss://), not with plain HTTP',
          protocol: SUBPROTOCOL,
        },
        { headers: { Upgrade: 'websocket', Connection: 'Upgrade' } },
      ),
  };
}
