// Clients that do harm from one address, each as fast as its socket takes it. The honest clients are in other processes.
import net from 'node:net';
import { setPriority } from 'node:os';
import { answerCalls } from '../lib/answer-calls.js';
import { frame } from '../lib/client.js';
import { LoadWatch } from '../lib/clock.js';
import { question } from '../lib/vocabulary.js';

const ADDRESS = '127.0.0.66';
/** How much is handed to a socket at once. */
const BATCH_BYTES = 65_536;
/** How long an attacker waits that was not let in, so that it does not only connect. */
const RETRY_MS = 10;

// What is measured is how the server treats the others, not which process of this core comes first.
setPriority(19);

const watch = new LoadWatch();
let sockets = new Set();
let isOver = true;
let connected = 0;

const many = (bytes) => Buffer.concat(Array.from({ length: Math.ceil(BATCH_BYTES / bytes.length) }, () => bytes));
const masked = (...bytes) => Buffer.from([...bytes.slice(0, 2), 0, 0, 0, 0, ...bytes.slice(2)]);
const query = question({ stream: 0, tokens: 3, intervalMs: 0, perPacket: 1 });

/** What an attacker sends first and then again and again, and whether it reads. */
const KINDS = {
  pings: { again: many(frame({ type: 'ping' })) },
  'control frames': { again: many(masked(0x89, 0x80)) },
  // A message of a character by itself is no JSON.
  characters: { again: many(masked(0x81, 0x81, 0x78)) },
  fragments: { first: masked(0x01, 0x81, 0x78), again: many(masked(0x00, 0x81, 0x78)) },
  list_runs: { again: many(frame({ type: 'list_runs' })) },
  queries: { again: many(frame({ type: 'streaming_query', query })) },
  connections: {},
  unread: { again: many(frame({ type: 'ping' })), reads: false },
};

function attack(port, kind) {
  if (isOver) return;
  const { first, again, reads = true } = KINDS[kind];
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: ADDRESS, noDelay: true });
  sockets.add(socket);
  let isIn = false;
  const send = () => {
    while (!isOver && socket.writable && socket.write(again));
  };
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets.delete(socket);
    if (isIn) attack(port, kind);
    else setTimeout(attack, RETRY_MS, port, kind);
  });
  socket.once('data', () => {
    isIn = true;
    connected++;
    // Without the time in which the kernel keeps the port of a connection that was closed.
    if (again === undefined) return socket.resetAndDestroy();
    if (reads) socket.resume();
    else socket.pause();
    if (first !== undefined) socket.write(first);
    socket.on('drain', send);
    send();
  });
  socket.write(
    `GET /ws/agent HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVuY2gtYmVuY2gtYmVuYw==\r\n' +
      'Sec-WebSocket-Protocol: agent-ws.v1\r\n\r\n',
  );
}

answerCalls({
  watch: () => watch.take(),
  start({ port, kind, count }) {
    isOver = false;
    connected = 0;
    for (let i = 0; i < count; i++) attack(port, kind);
  },
  /** @returns how often an attacker was let in */
  stop() {
    isOver = true;
    for (const socket of sockets) socket.resetAndDestroy();
    sockets = new Set();
    return { connected };
  },
});
