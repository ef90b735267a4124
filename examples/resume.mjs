// One client loses its connection during an answer. Another one reads the answer after a reload.
//
//   npm install agent-ws
//   node resume.mjs
//
// The answer is complete and nothing is repeated, although the connection is cut twice.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { createAgentSocketServer } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createAgentClient } from 'agent-ws/client';
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
});
server.listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/ws/agent`;
console.log(url);

// Without authentication, clients with the same secret are one owner, as the tabs of a browser are.
const clientSecret = randomBytes(16).toString('hex');
const client = createAgentClient({ url, clientSecret });
client.on('reconnecting', () => console.log('\n[lost]'));
client.on('connected', ({ isReconnect }) => isReconnect && console.log('[back]'));

const run = client.stream('How do I connect from a browser?', { onDisconnect: 'continue' });
let pieces = 0;
for await (const event of run) {
  if (event.type !== 'text') continue;
  process.stdout.write(event.text);
  pieces++;
  // The effect of a tunnel, or of a laptop that is closed.
  if (pieces === 3 || pieces === 9) for (const connection of agent.connections) connection.terminate();
}
console.log(`\n[whole: ${run.text.length} characters]`);

// After a reload a page knows only the id of the run, which sessionStorage keeps.
const reloaded = createAgentClient({ url, clientSecret });
const { text } = await reloaded.resume(run.id);
console.log(`[after a reload: ${text === run.text ? 'the same' : 'another'} text]`);

client.close();
reloaded.close();
await agent.close();
server.close();
