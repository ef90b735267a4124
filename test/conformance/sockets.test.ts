import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { linkSockets } from '../../src/testing/index.js';
import { WsAcceptor, type AcceptedSocket } from '../../src/transport/ws-socket.js';
import { socketSuite, type SocketPair } from './socket-suite.js';

const MARK = 65_536;

socketSuite('linked in memory', () => {
  const [socket, other] = linkSockets({ mark: MARK });
  const received: string[] = [];
  const closes: number[] = [];
  other.open({
    onMessage: (data) => void received.push(String(data)),
    onDrain: () => undefined,
    onClose: (code) => void closes.push(code),
  });
  return Promise.resolve({
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
  });
});

for (const perMessageDeflate of [false, true]) {
  socketSuite(`ws${perMessageDeflate ? ' with compression' : ''}`, async (): Promise<SocketPair> => {
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
    onTestFinished(() => {
      client.terminate();
      server.closeAllConnections();
      server.close();
    });
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
    };
  });
}
