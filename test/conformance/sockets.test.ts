import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'vitest';
import { WebSocket } from 'ws';
import { linkSockets, socketCases, type SocketPair } from '../../src/testing/index.js';
import { WsAcceptor, type AcceptedSocket } from '../../src/transport/ws-socket.js';

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

const SOCKETS: Readonly<Record<string, () => SocketPair | Promise<SocketPair>>> = {
  'linked in memory': linked,
  ws: () => overNetwork(false),
  'ws with compression': () => overNetwork(true),
};

for (const [socket, make] of Object.entries(SOCKETS)) {
  describe(`Socket: ${socket}`, () => {
    for (const { name, run } of socketCases(make)) it(name, run);
  });
}
