// Runs and conversations in a SQLite file: they are there after a restart, and after a crash.
//
//   npm install agent-ws @photostructure/sqlite      Node 22.13 and newer have SQLite built in
//   node sqlite.mjs
//
// Ask something, kill the process in the middle (kill -9) and start it again: a client reads on, and what was said is there.
import http from 'node:http';
import { calculator, createAgentSocketServer, createDemoProvider, currentTime } from 'agent-ws';
import { createOpenAiProvider } from 'agent-ws/openai';
import { createSqliteStore } from 'agent-ws/sqlite';

const {
  PORT = '8003',
  DATABASE = 'agent.db',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

// One process at a time: a second one waits a while for the first and then says so.
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

// The store is closed last, by whoever opened it.
process.once('SIGTERM', async () => {
  await agent.close({ drainMs: 5_000, closeCode: 'draining' });
  store.close();
  server.close();
});
