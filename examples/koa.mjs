// The agent service and a Koa 3 application on one server.
//
//   npm install agent-ws koa
//   node koa.mjs
import http from 'node:http';
import { calculator, createAgentSocketServer, currentTime } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';
import Koa from 'koa';

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

const app = new Koa();
app.use((context) => {
  if (context.path === '/') context.body = 'Hello from Koa';
});
const koa = app.callback();

// The service answers its own paths and passes all other requests to Koa.
const server = http.createServer((request, response) => {
  agent.middleware(request, response, () => koa(request, response));
});
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [calculator, currentTime],
});

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});

process.once('SIGTERM', async () => {
  await agent.close({ drainMs: 5_000, closeCode: 'draining' });
  server.close();
});
