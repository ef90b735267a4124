import { createServer } from 'node:http';
import { answerServerCalls } from '../lib/server-calls.js';

// The built package: what users run.
const { createAgentSocketServer } = await import('../../../dist/index.js');
const { createOpenAiProvider } = await import('../../../dist/openai.js');

const server = createServer();
createAgentSocketServer({
  server,
  provider: createOpenAiProvider({ apiKey: 'bench', baseUrl: process.argv[2], model: 'bench-model' }),
  maxConnections: 20_000,
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => answerServerCalls(server.address().port));
