// A tool that refunds money asks a person first, on the terminal.
//
//   npm install agent-ws zod
//   node approvals.mjs
import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline/promises';
import { createAgentSocketServer, defineTool } from 'agent-ws';
import { createAgentClient } from 'agent-ws/client';
import { createOpenAiProvider } from 'agent-ws/openai';
import { z } from 'zod';

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

const refund = defineTool({
  name: 'refund',
  description: 'Refunds an order.',
  params: z.object({ order_id: z.string(), amount: z.number().positive() }),
  // Small amounts need no approval. `true` would require one for every call.
  needsApproval: ({ amount }) => amount > 20,
  // Runs at most once for each call. The ids of the run and the call are an idempotency key for the bank.
  execute: ({ order_id, amount }, { runId, toolCallId }) => ({
    refunded: amount,
    order_id,
    key: `${runId}/${toolCallId}`,
  }),
});

// Replaces a model in this example: it refunds the amount and the order that the question names.
const clerk = {
  vendor: 'clerk',
  async *stream({ messages }) {
    const { role, content } = messages.at(-1);
    if (role === 'tool') return yield { type: 'text-delta', text: `The tool says ${content}` };
    const [, amount, order_id] = /(\d+) for order (\S+)/.exec(content) ?? [];
    yield { type: 'tool-call', id: 'call_1', name: 'refund', arguments: JSON.stringify({ order_id, amount: +amount }) };
  },
};

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : clerk,
  tools: [refund],
});
server.listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/ws/agent`;
console.log(url);

const terminal = createInterface({ input: process.stdin, output: process.stdout });
const client = createAgentClient({ url });

for (const question of ['Refund 5 for order A-1001', 'Refund 500 for order A-1002']) {
  console.log(question);
  const run = client.stream(question);
  for await (const event of run) {
    if (event.type !== 'approval-request' || !event.isPending) continue;
    const { toolCallId, toolName, params } = event;
    const answer = await terminal.question(`Run ${toolName} with ${JSON.stringify(params)}? [y/N] `);
    const approved = answer.trim().toLowerCase() === 'y';
    await run.approve(toolCallId, approved, approved ? undefined : 'Nobody knows this order');
  }
  console.log((await run).text);
}

terminal.close();
client.close();
await agent.close();
server.close();
