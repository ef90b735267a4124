import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'vitest';
import { WebSocket } from 'ws';
import { encryptFor } from '../../src/client/encryption.js';
import { EncryptedSocket } from '../../src/encryption/encrypted-socket.js';
import { MessageKeys } from '../../src/encryption/message-keys.js';
import type { Socket } from '../../src/connection/socket.js';
import { linkSockets, socketCases, type SocketPair } from '../../src/testing/index.js';
import { WsAcceptor, type AcceptedSocket } from '../../src/transport/ws-acceptor.js';

const MARK = 65_536;

function linked(): SocketPair {
  const [socket, other] = linkSockets({ mark: MARK });
  const received: string[] = [];
  const closes: number[] = [];
  other.open({
    onMessage: (data) => void received.push(String(data)),
    onDrain: () => undefined,
    onClose: (code) => void closes.push(code),
  });
  return {
    socket,
    far: {
      received,
      closes,
      send: (text) => void other.send(text),
      sendBinary: (data) => other.sendBinary(data),
      pause: () => other.pause(),
      resume: () => other.resume(),
      close: (code, reason) => other.close(code, reason),
    },
  };
}

async function overNetwork(perMessageDeflate: boolean): Promise<SocketPair> {
  const acceptor = new WsAcceptor({ backpressureBytes: MARK, perMessageDeflate });
  const server = http.createServer();
  const accepted = new Promise<AcceptedSocket>((resolve) => {
    server.on('upgrade', (request, raw, head) => acceptor.accept(request, raw, head, resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const received: string[] = [];
  const closes: number[] = [];
  client.on('message', (data: Buffer) => void received.push(data.toString()));
  client.on('close', (code) => void closes.push(code));
  client.on('error', () => undefined);
  const { socket } = await accepted;
  await new Promise((resolve) => (client.readyState === client.OPEN ? resolve(0) : client.once('open', resolve)));
  return {
    socket,
    far: {
      received,
      closes,
      send: (text) => client.send(text),
      sendBinary: (data) => client.send(data),
      pause: () => client.pause(),
      resume: () => client.resume(),
      close: (code, reason) => client.close(code, reason),
    },
    close() {
      client.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The server's end of an encrypted connection; the far end is that of the client library. */
async function encrypted(): Promise<SocketPair> {
  const acceptor = new WsAcceptor({ backpressureBytes: MARK }, true);
  const keys = new MessageKeys([generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey]);
  const server = http.createServer();
  const ready = new Promise<Socket>((resolve) => {
    server.on('upgrade', (request, raw, head) =>
      acceptor.accept(request, raw, head, ({ socket }) => {
        // The socket is opened by the cases, which are not called at once; until then nobody sends.
        void new EncryptedSocket(socket, { keys, maxMessageBytes: 1_000_000, ready: resolve });
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { protocol, protect } = encryptFor(keys.published.kid);
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, [protocol]);
  const far = protect(client);
  const received: string[] = [];
  const closes: number[] = [];
  far.addEventListener('message', ({ data }) => void received.push(String(data)));
  far.addEventListener('close', ({ code }) => void closes.push(code));
  const agreed = new Promise<void>((resolve) => far.addEventListener('open', resolve));
  const socket = await ready;
  await agreed;
  return {
    socket,
    far: {
      received,
      closes,
      send: (text) => far.send(text),
      sendBinary: (data) => client.send(data),
      pause: () => client.pause(),
      resume: () => client.resume(),
      close: (code, reason) => far.close(code, reason),
    },
    close() {
      client.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

const SOCKETS: Readonly<Record<string, () => SocketPair | Promise<SocketPair>>> = {
  'linked in memory': linked,
  ws: () => overNetwork(false),
  'ws with compression': () => overNetwork(true),
  'encrypted over ws': encrypted,
};

for (const [socket, make] of Object.entries(SOCKETS)) {
  describe(`Socket: ${socket}`, () => {
    // All encrypted messages are text.
    const isRun = (name: string) => !socket.startsWith('encrypted') || !name.includes('binary');
    for (const { name, run } of socketCases(make)) if (isRun(name)) it(name, run);
  });
}
