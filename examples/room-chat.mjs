// A room in which people and an agent talk: two people, messages, presence, and a question that both see answered.
//
//   npm install agent-ws
//   node room-chat.mjs
import { once } from 'node:events';
import http from 'node:http';
import { calculator, createAgentSocketServer, tokenOf } from 'agent-ws';
import { createAgentClient } from 'agent-ws/client';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

// A real server looks the person up by a cookie or a token. The name is what others see, and what the model is told.
const people = { 'token-of-ada': { id: 'u1', name: 'Ada' }, 'token-of-bob': { id: 'u2', name: 'Bob' } };

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [calculator],
  authenticate: (request) => people[tokenOf(request)] ?? null,
});
agent.rooms.on('join', (room, { name }) => console.log(`[${name} joined ${room}]`));
server.listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}/ws/agent`;
console.log(url);

const [ada, bob] = ['token-of-ada', 'token-of-bob'].map((token) =>
  createAgentClient({ url, token: async () => token }),
);
const [adasRoom, bobsRoom] = [ada.room('team'), bob.room('team')];

bobsRoom.on('message', ({ from, content, run }) => {
  console.log(`${from?.name ?? 'server'}${run === undefined ? '' : ' asks'}: ${content}`);
});
const answered = new Promise((resolve) => {
  bobsRoom.on('run', async ({ run, from }) => {
    console.log(`[the agent answers ${from.name}] ${(await run).text}`);
    resolve();
  });
});
await Promise.all([adasRoom.join(), bobsRoom.join()]);

await agent.rooms.publish('team', { content: 'Welcome' });
await adasRoom.publish('Shall we ask the agent?');
await adasRoom.stream('What is 6 * 7?');
await answered;

// Bob's connection breaks; what was said meanwhile arrives when it is back, once and in order.
for (const connection of agent.connections) if (connection.principal.name === 'Bob') connection.terminate();
const { seq } = await agent.rooms.publish('team', { content: 'Bob missed nothing' });
await new Promise((resolve) => {
  bobsRoom.on('message', (message) => message.seq === seq && resolve());
});

ada.close();
bob.close();
await agent.close();
server.close();
