// Runs and conversations in a SQLite file: they survive a restart and a crash.
//
//   npm install agent-ws @photostructure/sqlite      Node 22.13 and later contain SQLite
//   node sqlite.mjs
//
// Ask a question, kill the process during the answer (kill -9) and restart it: the conversation is still complete, and the
// client receives the end of its run.
import http from 'node:http';
import { calculator, createAgentSocketServer, currentTime } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';
import { createSqliteStore } from 'agent-ws/sqlite';

const {
  PORT = '8003',
  DATABASE = 'agent.db',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

// One process at a time: a second one waits for the first, and then fails with a clear error.
const store = await createSqliteStore({ path: DATABASE });

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  store,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [calculator, currentTime],
});
server.on('request', agent.requestListener);

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/static/test_websocket.html`);
});

// Whoever opens the store closes it, after the server.
process.once('SIGTERM', async () => {
  await agent.close({ drainMs: 5_000, closeCode: 'draining' });
  await store.close();
  server.close();
});
