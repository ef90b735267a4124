// Serves the page browser.html together with the agent service.
//
//   npm install agent-ws
//   node browser.mjs
import { readFile } from 'node:fs/promises';
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

const page = await readFile(new URL('browser.html', import.meta.url));

const server = http.createServer((request, response) => {
  agent.middleware(request, response, () => {
    if (request.url !== '/') return response.writeHead(404).end('Not found');
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
  });
});
// Pages of the same host may connect. Others need `allowedOrigins`.
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [calculator, currentTime],
});

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
