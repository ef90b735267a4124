// The agent service on Node's own HTTP server.
//
//   npm install agent-ws
//   node http.mjs
//
// Then open the printed URL. With OPENAI_API_KEY a real model answers, otherwise the built-in demo.
import http from 'node:http';
import { calculator, createAgentSocketServer, currentTime } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [calculator, currentTime],
});
server.on('request', agent.requestListener);

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/static/test_websocket.html`);
});

// Answers in progress get five seconds; then clients are told to reconnect.
process.once('SIGTERM', async () => {
  await agent.close({ drainMs: 5_000, closeCode: 'draining' });
  server.close();
});
