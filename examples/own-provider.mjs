// Your own provider: an object with an async generator of text.
//
//   npm install agent-ws
//   node own-provider.mjs
//
// This one answers with the words of the question in reverse order.
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createAgentSocketServer } from 'agent-ws';

const backwards = {
  vendor: 'backwards',
  model: 'backwards-1',
  async *stream({ messages }, { signal }) {
    const words = messages.at(-1).content.split(/\s+/).reverse();
    for (const [index, word] of words.entries()) {
      // The signal aborts when the run is cancelled. Pass it to whatever you wait for.
      await delay(50, undefined, { signal });
      yield { type: 'text-delta', text: index === 0 ? word : ` ${word}` };
    }
    // Optional: the tokens used, and why the answer ended.
    yield { type: 'usage', inputTokens: words.length, outputTokens: words.length };
    yield { type: 'finish', reason: 'stop' };
  },
};

const server = http.createServer();
const agent = createAgentSocketServer({ server, provider: backwards });
server.on('request', agent.requestListener);

server.listen(Number(process.env.PORT ?? 8003), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/static/test_websocket.html`);
});
