import { frame, kindOf, openMany } from './client.js';
import { now } from './clock.js';
import { readInNaps } from './naps.js';

/** What clients say again and again: the message, what it needs before, and which message answers it. */
const TALKS = {
  ping: { message: () => ({ type: 'ping' }), answer: 'pong' },
  // Each in a room of its own, so that a message is heard by nobody else.
  room_message: {
    protocol: 'agent-ws.v1',
    before: (index) => ({ type: 'join', room: `bench-${index}` }),
    message: (index) => ({ type: 'room_message', room: `bench-${index}`, content: 'Neither short nor long.' }),
    answer: 'room',
  },
};

let clients = [];
let answers = 0;

/** Calls of the load process: connections that send the same as soon as they are answered. */
export const echoCalls = {
  /**
   * Every connection sends `depth` messages in one write, again when the last of them is answered. `inNaps`: they are read
   * every 2 ms.
   */
  async echoStart({ port, clients: count, talk = 'ping', depth = 1, tokens, inNaps = false }) {
    const { protocol, before, message, answer } = TALKS[talk];
    const opened = (clients = await openMany(port, count, { protocol, tokens }));
    answers = 0;
    if (inNaps) readInNaps(() => clients !== opened);
    for (const [index, client] of clients.entries()) {
      const bytes = Buffer.concat(Array.from({ length: depth }, () => frame(message(index))));
      let open = depth;
      client.onMessage = (data, from) => {
        if (kindOf(data, from) !== answer) return;
        answers++;
        if (--open > 0) return;
        open = depth;
        client.send(bytes);
      };
      if (before === undefined) client.send(bytes);
      else {
        open = 1;
        client.send(frame(before(index)));
      }
    }
  },
  echoCount: () => ({ answers, at: now() }),
  echoStop() {
    for (const client of clients) client.close();
    clients = [];
  },
};
