// The example of the README: the agent service on Node's own HTTP server.
//
//   npm install agent-ws
//   node quickstart.mjs
import http from 'node:http';
import { calculator, createAgentSocketServer } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';

const { PORT = 8003, OPENAI_API_KEY: apiKey } = process.env;
const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  provider: apiKey ? createOpenAiProvider({ apiKey, model: 'gpt-4o-mini' }) : createDemoProvider(),
  tools: [calculator],
});
server.on('request', agent.requestListener); // omit this line to serve only the WebSocket endpoint
server.listen(PORT, () => console.log(`http://127.0.0.1:${PORT}/`));
