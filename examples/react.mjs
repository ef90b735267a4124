// Serves the React chat of react.jsx together with the agent service. Use your own bundler in place of esbuild.
//
//   npm install agent-ws esbuild react react-dom
//   node react.mjs
//
// Open the page twice: each tab shows the questions of the other. A reload during an answer loses nothing.
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { calculator, createAgentSocketServer, currentTime } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';
import { build } from 'esbuild';

const {
  PORT = '8003',
  OPENAI_API_KEY: apiKey,
  OPENAI_BASE_URL: baseUrl,
  OPENAI_MODEL: model = 'gpt-4o-mini',
} = process.env;

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('react.jsx', import.meta.url))],
  bundle: true,
  format: 'esm',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  write: false,
});
const script = outputFiles[0].contents;
const page = `<!doctype html>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width" />
<title>agent-ws with React</title>
<link rel="icon" href="data:," />
<div id="root"></div>
<script type="module" src="/chat.js"></script>`;

const server = http.createServer((request, response) => {
  agent.middleware(request, response, () => {
    if (request.url === '/chat.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
    else if (request.url === '/') response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
    else response.writeHead(404).end('Not found');
  });
});
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, baseUrl, model }) : createDemoProvider(),
  tools: [calculator, currentTime],
});

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
