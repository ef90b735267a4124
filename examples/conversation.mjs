// A conversation: the model receives the earlier messages, a second tab watches, a question is edited.
//
//   npm install agent-ws
//   node conversation.mjs
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { calculator, createAgentSocketServer } from 'agent-ws';
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
  tools: [calculator],
});
server.listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/ws/agent`;
console.log(url);

// Any id works.
const id = randomUUID();
// Without authentication, clients with the same secret are one owner, as the tabs of a browser are.
const clientSecret = randomBytes(16).toString('hex');
const client = createAgentClient({ url, clientSecret });
const conversation = client.conversation(id);

// Another tab of the same owner receives every question, and its answer as it streams.
const tab = createAgentClient({ url, clientSecret });
tab.conversation(id).watch(async ({ query, run }) => {
  console.log(`[other tab] ${query} -> ${(await run).text}`);
});
await tab.ping();

console.log((await conversation.ask('What is 6 * 7?')).text);
console.log((await conversation.ask('What did I ask before?')).text);

// Two questions at once: the second waits for the first. `whenBusy` can refuse it, or cancel the first instead.
const first = conversation.stream('What is 123 + 456?');
const second = conversation.stream('What did I ask before?');
second.subscribe((event) => {
  if (event.type === 'state' && event.state === 'queued') console.log('[queued]');
});
console.log((await first).text);
console.log((await second).text);

// Editing a question begins a branch, and the history shows the new branch. With the id of an answer, the answer is
// regenerated.
const { messages } = await conversation.history();
console.log(`[${messages.length} messages]`);
console.log((await conversation.ask('What is 2 + 3?', { replaceFrom: messages[0].id })).text);
for (const { role, content } of (await conversation.history()).messages) {
  if (content !== '') console.log(`  ${role}: ${content}`);
}

client.close();
tab.close();
await agent.close();
server.close();
