import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { z } from 'zod';
import { createHttpRoutes } from '../../src/http/router.js';
import {
  calculator,
  createAgentSocketServer,
  defineTool,
  tokenOf,
  type AgentSocketServer,
  type LlmProvider,
} from '../../src/index.js';

/** The service with the page mounted. */
export interface PageServer {
  readonly agent: AgentSocketServer;
  readonly port: number;
  /** `http://…/static/test_websocket.html` */
  readonly url: string;
  close(): Promise<void>;
  /** Goes like a process that is killed: nothing is said to anybody. */
  crash(): Promise<void>;
}

/** A tool whose form has every kind of control. */
const measure = defineTool({
  name: 'measure',
  description: 'Gives its params back.',
  params: z.object({
    label: z.string().max(20),
    unit: z.enum(['metre', 'foot']),
    count: z.int().min(1).max(9),
    exact: z.boolean().optional(),
    tags: z.array(z.string()).optional(),
    extra: z.looseObject({}).optional(),
  }),
  execute: (params) => params,
});

/** A tool that a person has to approve. */
const refund = defineTool({
  name: 'refund',
  description: 'Pays an order back.',
  params: z.object({ order_id: z.string(), note: z.string().optional() }),
  needsApproval: true,
  execute: ({ order_id }) => ({ refunded: order_id }),
});

/** A tool that reports while it works. */
const survey = defineTool({
  name: 'survey',
  description: 'Looks around.',
  params: z.object({}),
  execute: (_params, { report }) => {
    report({ done: 1, of: 2 });
    report({ done: 2, of: 2 });
    return 'complete';
  },
});

/** Starts the service with the page on a port of its own, or on a given one. */
export async function startPageServer(provider: LlmProvider, pages: string, port = 0): Promise<PageServer> {
  const server = http.createServer();
  const agent = createAgentSocketServer({
    server,
    provider,
    tools: [calculator, measure, refund, survey],
    authenticate: (request) => {
      const token = tokenOf(request);
      const user = new URL(request.url ?? '', 'ws://page').searchParams.get('user');
      return token === 'expired' ? null : { id: token ?? user ?? 'anonymous' };
    },
  });
  const routes = createHttpRoutes({
    path: '/ws/agent',
    pages,
    info: { version: '0.0.0' },
    hostAllowed: () => true,
    isReady: () => true,
    statistics: () => agent.connections.statistics(),
    tools: () => agent.tools.describe(),
  });
  server.on('request', routes.listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    agent,
    port: bound,
    url: `http://127.0.0.1:${bound}/static/test_websocket.html`,
    close: async () => {
      await agent.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    crash: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await agent.close();
    },
  };
}
