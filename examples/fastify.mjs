// The agent service on the server of a Fastify 5 application.
//
//   npm install agent-ws fastify
//   node fastify.mjs
import { calculator, createAgentSocketServer, currentTime } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';
import Fastify from 'fastify';

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

const app = Fastify();
const agent = createAgentSocketServer({
  server: app.server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [calculator, currentTime],
});

// The hook receives every request, including requests without a Fastify route. Requests that the service answers end here.
app.addHook('onRequest', (request, reply, done) => {
  agent.middleware(request.raw, reply.raw, done);
});
app.addHook('preClose', () => agent.close({ drainMs: 5_000, closeCode: 'draining' }));
app.get('/', () => 'Hello from Fastify');

console.log(`${await app.listen({ port: Number(PORT), host: '127.0.0.1' })}/`);

process.once('SIGTERM', () => app.close());
