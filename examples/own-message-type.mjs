// Your own message type, in addition to those of the protocol.
//
//   npm install agent-ws zod
//   node own-message-type.mjs
//
// Send {"type":"feedback","run_id":"<of an answer>","rating":5}; all connected clients receive the average. With
// `agent-ws/client`: `await client.request({ type: 'feedback', run_id: run.id, rating: 5 })`.
import http from 'node:http';
import { createAgentSocketServer, defineMessage } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createOpenAiProvider } from 'agent-ws/openai';
import { z } from 'zod';

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
server.on('request', agent.requestListener);

const ratings = [];

agent.messages.register(
  defineMessage({
    type: 'feedback',
    // A message that does not match is refused with `invalid_message`, which lists the fields.
    schema: z.object({ run_id: z.uuid(), rating: z.int().min(1).max(5) }),
    handle({ rating }, connection, reply) {
      ratings.push(rating);
      reply({ type: 'feedback_saved', timestamp: connection.timestamp() });
      const average = ratings.reduce((sum, each) => sum + each, 0) / ratings.length;
      agent.connections.broadcast({ type: 'feedback_average', average, count: ratings.length });
    },
  }),
);

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/static/test_websocket.html`);
});
