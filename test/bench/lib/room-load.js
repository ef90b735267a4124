import { frame, kindOf, openMany, textFrame } from './client.js';
import { now } from './clock.js';

/** How many messages may be on their way. A server that cannot keep up would read thousands at once, and answer nobody meanwhile. */
const MOST_AHEAD = 20;

const CONTENT = 'A message of a length that people write in a chat, neither short nor long.';

const isDigit = (data, at, digit) => data[at] === digit.charCodeAt(0);

/** What the members of a room send, and how they know what they get. */
const LANGUAGES = {
  'agent-ws': {
    manner: { protocol: 'agent-ws.v1' },
    join: frame({ type: 'join', room: 'bench' }),
    say: frame({ type: 'room_message', room: 'bench', content: CONTENT }),
    isJoined: (data, from) => kindOf(data, from) === 'room',
    isHeard: (data, from) => kindOf(data, from) === 'room-event',
  },
  // Engine.IO 4 and Socket.IO 5: a digit each, then JSON.
  'socket.io': {
    manner: { path: '/socket.io/?EIO=4&transport=websocket', isGreeting: (data, from) => isDigit(data, from, '0') },
    connect: textFrame('40'),
    isConnected: (data, from) => isDigit(data, from, '4') && isDigit(data, from + 1, '0'),
    join: textFrame('42["join","bench"]'),
    say: textFrame(`42["room_message",${JSON.stringify({ room: 'bench', content: CONTENT })}]`),
    isJoined: (data, from) => data.latin1Slice(from, from + 11) === '42["joined"',
    isHeard: (data, from) => isDigit(data, from, '4') && data.latin1Slice(from + 4, from + 8) === 'room',
    isPing: (data, from) => isDigit(data, from, '2'),
    pong: textFrame('3'),
  },
};

/** Lets a client join. Resolves when it is there, and counts from then on what it hears. */
function join(client, { connect, isConnected, join: request, isJoined, isHeard, isPing, pong }, heard) {
  return new Promise((resolve) => {
    client.onMessage = (data, from) => {
      if (isHeard(data, from)) heard();
      else if (isJoined(data, from)) resolve();
      else if (isConnected?.(data, from)) client.send(request);
      else if (isPing?.(data, from)) client.send(pong);
    };
    client.send(connect ?? request);
  });
}

let room = null;

/** Calls of the load process: the members of a room, of which the first one says something at a pace. */
export const roomCalls = {
  /** Resolves when all are in the room. */
  async roomStart({ port, language, clients, perSecond }) {
    const words = LANGUAGES[language];
    const members = await openMany(port, clients, words.manner);
    room = { members, heard: 0, timer: undefined };
    let said = 0;
    let heardBySpeaker = 0;
    const hear = () => room.heard++;
    const hearOneself = () => {
      room.heard++;
      heardBySpeaker++;
    };
    await Promise.all(members.map((client, index) => join(client, words, index === 0 ? hearOneself : hear)));
    const begun = now();
    room.timer = setInterval(() => {
      const due = Math.min(((now() - begun) / 1000) * perSecond, heardBySpeaker + MOST_AHEAD);
      for (; said < due; said++) members[0].send(words.say);
    }, 1);
  },
  roomCount: () => ({ heard: room.heard, at: now() }),
  roomStop() {
    clearInterval(room.timer);
    for (const client of room.members) client.close();
  },
};
