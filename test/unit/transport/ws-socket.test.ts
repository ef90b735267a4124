import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import type { Socket, SocketListener } from '../../../src/connection/socket.js';
import type { SocketOptions } from '../../../src/transport/socket-options.js';
import { WsAcceptor } from '../../../src/transport/ws-acceptor.js';
import { frame, OPCODE } from '../../helpers/raw-client.js';
import { shortenTimers } from '../../helpers/short-timers.js';

/** Notes what a socket reports. */
class Notes implements SocketListener {
  readonly messages: (string | Uint8Array)[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  drains = 0;
  onMessage(data: string | Uint8Array): void {
    this.messages.push(data);
  }
  onDrain(): void {
    this.drains++;
  }
  onClose(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }
}

interface Pair {
  /** The socket under test, on the server's side. */
  readonly socket: Socket;
  readonly raw: Duplex;
  readonly notes: Notes;
  readonly client: WebSocket;
  /** What the client got. */
  readonly received: string[];
  readonly closed: Promise<number>;
}

async function pair(options: SocketOptions = {}, clientOptions: ClientOptions = {}): Promise<Pair> {
  const server = http.createServer();
  const acceptor = new WsAcceptor(options);
  const notes = new Notes();
  const accepted = new Promise<{ socket: Socket; raw: Duplex }>((resolve) => {
    server.on('upgrade', (request, raw, head) => {
      acceptor.accept(request, raw, head, ({ socket }) => {
        socket.open(notes);
        resolve({ socket, raw });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, clientOptions);
  const received: string[] = [];
  client.on('message', (data: Buffer) => received.push(data.toString()));
  const closed = once(client, 'close').then(([code]) => code as number);
  onTestFinished(async () => {
    client.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await once(client, 'open');
  return { ...(await accepted), notes, client, received, closed };
}

describe('WsSocket', () => {
  it('sends the messages of one tick in order, in one write', async () => {
    const { socket, raw, received } = await pair();
    const writes = vi.spyOn(raw as Duplex & { _writev: () => void }, '_writev');
    const single = vi.spyOn(raw, '_write');
    for (let i = 0; i < 1_000; i++) socket.send(i % 2 === 0 ? String(i) : Buffer.from(String(i)));
    await vi.waitFor(() => expect(received.length).toBe(1_000));
    expect(received).toEqual(Array.from({ length: 1_000 }, (_, i) => String(i)));
    expect(writes.mock.calls.length + single.mock.calls.length).toBe(1);
  });

  it('sends what one tick after another adds', async () => {
    const { socket, received } = await pair();
    for (let i = 0; i < 50; i++) {
      socket.send(`a${i}`);
      socket.send(`b${i}`);
      await new Promise(setImmediate);
    }
    await vi.waitFor(() => expect(received.length).toBe(100));
    expect(received).toEqual(Array.from({ length: 50 }, (_, i) => [`a${i}`, `b${i}`]).flat());
  });

  it('lets what may wait leave with what follows in a later tick, in order and in one write', async () => {
    const { socket, raw, received } = await pair();
    const writes = vi.spyOn(raw as Duplex & { _writev: () => void }, '_writev');
    for (let i = 0; i < 20; i++) {
      socket.send(`waits ${i}`, true);
      await new Promise<void>((resolve) => process.nextTick(resolve));
      socket.send(`follows ${i}`);
      await new Promise(setImmediate);
    }
    await vi.waitFor(() => expect(received).toHaveLength(40));
    expect(received).toEqual(Array.from({ length: 20 }, (_, i) => [`waits ${i}`, `follows ${i}`]).flat());
    expect(writes).toHaveBeenCalledTimes(20);
  });

  it('lets few pongs wait for a client that reads nothing', async () => {
    const { socket, raw, client } = await pair();
    const nothing = vi.fn();
    Object.assign(raw, { _write: nothing, _writev: nothing });
    const before = socket.bytesReceived;
    // Fewer than a connection is allowed at once.
    for (let i = 0; i < 60; i++) client.ping('x'.repeat(125));
    await vi.waitFor(() => expect(socket.bytesReceived - before).toBe(60 * (6 + 125)));
    expect(nothing).toHaveBeenCalled();
    expect(socket.bufferedAmount).toBeLessThan(20 * (2 + 125));
    raw.destroy();
  });

  it('sends what may wait by itself where nothing follows, time after time', async () => {
    const { socket, received } = await pair();
    for (let i = 0; i < 5; i++) {
      socket.send(`waits ${i}`, true);
      await vi.waitFor(() => expect(received).toHaveLength(i + 1));
    }
    expect(received).toEqual(Array.from({ length: 5 }, (_, i) => `waits ${i}`));
  });

  it('delivers what may wait before a close', async () => {
    const { socket, received, closed } = await pair();
    socket.send('waits', true);
    socket.close(1000, '');
    expect(await closed).toBe(1000);
    expect(received).toEqual(['waits']);
  });

  it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])(
    'frames %i bytes once for many sockets, in order',
    async (size) => {
      const [one, other] = [await pair(), await pair()];
      const shared = Buffer.from('x'.repeat(size));
      for (const { socket } of [one, other]) {
        socket.send(shared);
        socket.send('between');
        socket.send(shared);
      }
      const expected = ['x'.repeat(size), 'between', 'x'.repeat(size)];
      for (const { received } of [one, other]) await expect.poll(() => received).toEqual(expected);
    },
  );

  it('compresses what many sockets share where a client asked for it', async () => {
    const { socket, received, client } = await pair({ perMessageDeflate: true });
    expect(client.extensions).not.toBe('');
    for (const text of ['x'.repeat(5_000), 'short']) socket.send(Buffer.from(text));
    await expect.poll(() => received).toEqual(['x'.repeat(5_000), 'short']);
  });

  it('carries large messages whole', async () => {
    const { socket, received, client, notes } = await pair();
    const text = '漢字🙂'.repeat(100_000);
    socket.send(text);
    socket.send(Buffer.from(text));
    client.send(text.slice(0, 300_000));
    await vi.waitFor(() => expect(received).toHaveLength(2));
    expect(received.every((message) => message === text)).toBe(true);
    await vi.waitFor(() => expect(notes.messages).toEqual([text.slice(0, 300_000)]));
  });

  it('delivers what was sent before a close', async () => {
    const { socket, received, closed, notes } = await pair();
    const big = 'x'.repeat(2_000_000);
    socket.send('first');
    socket.send(big);
    socket.send('last');
    socket.close(1012, 'Server is restarting');
    socket.send('after the close');
    expect(await closed).toBe(1012);
    expect(received).toEqual(['first', big, 'last']);
    await vi.waitFor(() => expect(notes.closes).toEqual([{ code: 1012, reason: 'Server is restarting' }]));
  });

  it.each([
    ['at the default mark', 1_000_000, {}, {}],
    ['at a mark far below that of the network', 100, { backpressureBytes: 1 }, {}],
    ['with compression, which makes much little', 1_000_000, { perMessageDeflate: true }, { perMessageDeflate: true }],
  ])('tells when it takes data again, %s', async (_name, size, options, clientOptions) => {
    const { socket, notes, received } = await pair(options, clientOptions);
    expect(socket.send('x'.repeat(size))).toBe(false);
    expect(notes.drains).toBe(0);
    await vi.waitFor(() => expect(notes.drains).toBe(1));
    expect(socket.bufferedAmount).toBe(0);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    // And the next time too.
    socket.send('x'.repeat(size));
    await vi.waitFor(() => expect(notes.drains).toBe(2));
  });

  it('says nothing of draining where it never was above the mark', async () => {
    const { socket, notes, received } = await pair();
    expect(socket.send('x'.repeat(200_000))).toBe(true);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    await new Promise(setImmediate);
    expect(notes.drains).toBe(0);
  });

  it('keeps saying no while nobody reads, and drains once afterwards', async () => {
    const { socket, notes, client, received } = await pair();
    client.pause();
    let sent = 0;
    while (socket.bufferedAmount < 4_000_000) {
      socket.send('y'.repeat(100_000));
      sent++;
      await new Promise(setImmediate);
    }
    const before = notes.drains;
    expect(socket.send('z')).toBe(false);
    client.resume();
    await vi.waitFor(() => expect(received).toHaveLength(sent + 1));
    await vi.waitFor(() => expect(notes.drains).toBe(before + 1));
    expect(socket.bufferedAmount).toBe(0);
  });

  it('counts what it receives while a message is still on its way', async () => {
    const { socket, client } = await pair();
    const before = socket.bytesReceived;
    const { _socket: net } = client as unknown as { _socket: NetSocket };
    // The head of a frame of 1,000 bytes and its first three.
    net.write(Buffer.from([0x81, 0xfe, 0x03, 0xe8, 0, 0, 0, 0, 65, 65, 65]));
    await vi.waitFor(() => expect(socket.bytesReceived - before).toBe(11));
  });

  it('ends a peer that does not answer a close', async () => {
    shortenTimers(2_000);
    const { socket, client, notes } = await pair();
    client.pause();
    const at = performance.now();
    socket.close(1001, 'Server is going away');
    await vi.waitFor(() => expect(notes.closes).toHaveLength(1));
    expect(notes.closes[0]?.code).toBe(1006);
    expect(performance.now() - at).toBeGreaterThan(75);
  });

  it('keeps and handles nothing of what follows a malformed frame', async () => {
    const { raw, notes, client, closed } = await pair();
    const pieces: Buffer[] = [];
    raw.on('data', (piece: Buffer) => pieces.push(piece));
    const read = [frame(OPCODE.text, 'good'), frame(OPCODE.text, 'malformed', { masked: false })];
    const more = Array.from({ length: 1_000 }, () => frame(OPCODE.text, 'more'));
    (Reflect.get(client, '_socket') as NetSocket).write(Buffer.concat([...read, ...more]));
    expect(await closed).toBe(1002);
    await vi.waitFor(() => expect(notes.closes).toHaveLength(1));
    expect(notes.messages).toEqual(['good']);
    expect(Buffer.concat(pieces)).toHaveLength(Buffer.concat(read).length);
  });

  it('does nothing once closed', async () => {
    const { socket, notes, received } = await pair();
    socket.send('before');
    await vi.waitFor(() => expect(received).toEqual(['before']));
    socket.terminate();
    expect(socket.send('x')).toBe(true);
    socket.ping();
    socket.close(1000, '');
    socket.terminate();
    await vi.waitFor(() => expect(notes.closes).toHaveLength(1));
    expect(socket.send('x')).toBe(true);
    socket.ping();
    socket.close(1000, '');
    socket.terminate();
    await new Promise(setImmediate);
    expect(notes.closes).toEqual([{ code: 1006, reason: '' }]);
  });

  it('closes in the middle of a tick it sends in', async () => {
    const { socket, notes } = await pair();
    socket.send('x');
    socket.terminate();
    socket.send('y');
    await vi.waitFor(() => expect(notes.closes).toHaveLength(1));
  });
});

describe('WsSocket over a stream that is no net.Socket', () => {
  it('counts what it receives', async () => {
    const server = http.createServer();
    const notes = new Notes();
    let socket: Socket | undefined;
    server.on('upgrade', (request, raw, head) => {
      new WsAcceptor().accept(request, raw, head, (accepted) => {
        socket = accepted.socket;
        socket.open(notes);
      });
    });
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    server.emit('connection', stream);
    stream.push(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await vi.waitFor(() => expect(socket).toBeDefined());
    const before = socket?.bytesReceived ?? 0;
    stream.push(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 72, 105]));
    await vi.waitFor(() => expect(notes.messages).toEqual(['Hi']));
    expect((socket?.bytesReceived ?? 0) - before).toBe(8);
    stream.destroy();
    await vi.waitFor(() => expect(notes.closes).toHaveLength(1));
  });
});
