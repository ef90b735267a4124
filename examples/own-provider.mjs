// A model of your own: anything that yields text can be one.
//
//   npm install agent-ws
//   node own-provider.mjs
//
// This one says your question backwards, word by word.
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createAgentSocketServer } from 'agent-ws';

const backwards = {
  vendor: 'backwards',
  model: 'backwards-1',
  async *stream({ messages }, { signal }) {
    const words = messages.at(-1).content.split(/\s+/).reverse();
    for (const [index, word] of words.entries()) {
      // The signal aborts when the client cancels: hand it to whatever you wait for.
      await delay(50, undefined, { signal });
      yield { type: 'text-delta', text: index === 0 ? word : ` ${word}` };
    }
    // Optional: what it cost, and why it ended.
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
