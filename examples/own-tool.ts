// Your own tool. The schema types the params, checks what a model or a client sends, and becomes the JSON Schema for the
// model.
//
//   npm install agent-ws zod
//   node own-tool.ts            Node 22.18 or later; earlier versions: npx tsx own-tool.ts
//
// Call it from the printed page: {"type":"tool_call","tool_name":"find_order","params":{"order_id":"A-1001"}}
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentSocketError, createAgentSocketServer, defineTool } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';
import { z } from 'zod';

interface Order {
  readonly status: 'packed' | 'shipped';
  readonly items: readonly string[];
}

const orders = new Map<string, Order>([
  ['A-1001', { status: 'shipped', items: ['keyboard', 'cable'] }],
  ['A-1002', { status: 'packed', items: ['lamp'] }],
]);

const findOrder = defineTool({
  name: 'find_order',
  description: 'Finds an order by its number and tells its status. Use it when somebody asks where an order is.',
  params: z.object({
    order_id: z.string().regex(/^A-\d+$/, 'An order number looks like A-1001'),
    with_items: z.boolean().default(false).describe('Whether to list what was ordered'),
  }),
  timeoutMs: 5_000,
  // `with_items` is always a boolean here: the schema fills in the default. A tool that waits passes `signal` on.
  execute({ order_id, with_items }, { signal }) {
    signal.throwIfAborted();
    const order = orders.get(order_id);
    // The client and the model receive this text. For any other error they learn only that the tool failed.
    if (order === undefined) throw new AgentSocketError('tool_failed', `There is no order ${order_id}`);
    return with_items ? order : { status: order.status };
  },
});

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl = 'https://api.openai.com/v1',
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [findOrder],
});
server.on('request', agent.requestListener);

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/static/test_websocket.html`);
});
