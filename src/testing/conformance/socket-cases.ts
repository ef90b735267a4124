import assert from 'node:assert/strict';
import type { Socket } from '../../connection/socket.js';
import type { ConformanceCase } from './conformance-case.js';
import { defineCase, type Subject } from './define-case.js';
import { eventually } from './eventually.js';

/** The far end of a socket under test, which the cases control. */
export interface SocketFarEnd {
  /** Messages received, in order, as text. */
  readonly received: readonly string[];
  /** Close codes received: none or one. */
  readonly closes: readonly number[];
  send(text: string): void;
  sendBinary(data: Uint8Array): void;
  /** Stops reading. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
}

/** A socket that is not open yet, with a backpressure mark of 64 KiB, and its far end. */
export interface SocketPair extends Subject {
  readonly socket: Socket;
  readonly far: SocketFarEnd;
}

/** The backpressure mark of the sockets under test, in bytes. */
const MARK = 65_536;

/** The calls of a listener. */
interface Seen {
  readonly messages: (string | Uint8Array)[];
  readonly closes: { readonly code: number; readonly reason: string }[];
  drains: number;
}

function listenTo(socket: Socket): Seen {
  const seen: Seen = { messages: [], closes: [], drains: 0 };
  socket.open({
    onMessage: (data) => void seen.messages.push(data),
    onDrain: () => seen.drains++,
    onClose: (code, reason) => void seen.closes.push({ code, reason }),
  });
  return seen;
}

/** The requirements of a {@link Socket}. */
export function socketCases(make: () => SocketPair | Promise<SocketPair>): ConformanceCase[] {
  const define = (name: string, check: (pair: SocketPair) => Promise<void>): ConformanceCase =>
    defineCase(make, name, check);
  return [
    define('carries text in order, both ways, strings and bytes alike', async ({ socket, far }) => {
      const seen = listenTo(socket);
      assert.equal(socket.send('one 漢🙂'), true);
      assert.equal(socket.send(new TextEncoder().encode('two 漢🙂')), true);
      socket.send('');
      far.send('three');
      far.send('');
      await eventually(() => assert.deepEqual(far.received, ['one 漢🙂', 'two 漢🙂', '']));
      await eventually(() => assert.deepEqual(seen.messages, ['three', '']));
      await eventually(() => assert.equal(socket.bufferedAmount, 0));
    }),

    define('reports nothing before it is open', async ({ socket, far }) => {
      const order: string[] = [];
      far.send('early');
      socket.open({ onMessage: () => order.push('message'), onDrain: () => undefined, onClose: () => undefined });
      order.push('open');
      far.send('late');
      await eventually(() => assert.equal(order.at(-1), 'message'));
      assert.equal(order[0], 'open');
    }),

    define('gives a binary message as bytes', async ({ socket, far }) => {
      const seen = listenTo(socket);
      far.sendBinary(new Uint8Array([1, 2, 3]));
      await eventually(() => assert.equal(seen.messages.length, 1));
      const [data] = seen.messages;
      assert.ok(data instanceof Uint8Array);
      assert.deepEqual([...data], [1, 2, 3]);
    }),

    define('counts the bytes it receives', async ({ socket, far }) => {
      listenTo(socket);
      const before = socket.bytesReceived;
      far.send('x'.repeat(1_000));
      await eventually(() => assert.ok(socket.bytesReceived > before));
    }),

    define('shows by the answer to a ping that the peer lives', async ({ socket }) => {
      listenTo(socket);
      const before = socket.bytesReceived;
      socket.ping();
      await eventually(() => assert.ok(socket.bytesReceived > before));
    }),

    define('says when it is full and when it is empty again, and loses nothing', async ({ socket, far }) => {
      const seen = listenTo(socket);
      far.pause();
      let sent = 0;
      const send = (): boolean => socket.send(`${sent++} ${'x'.repeat(10_000)}`);
      // The network takes some bytes before the buffer grows.
      await eventually(() => {
        for (let i = 0; i < 50 && socket.bufferedAmount < MARK; i++) send();
        assert.ok(socket.bufferedAmount >= MARK);
      });
      assert.equal(send(), false);
      const { drains } = seen;
      far.resume();
      await eventually(() => assert.ok(seen.drains > drains));
      await eventually(() => assert.equal(far.received.length, sent));
      assert.deepEqual(
        far.received.map((text) => Number.parseInt(text, 10)),
        Array.from({ length: sent }, (_, i) => i),
      );
      assert.equal(send(), true);
    }),

    define('closes with code and reason after what was sent, and tells so once', async ({ socket, far }) => {
      const seen = listenTo(socket);
      socket.send('last words');
      socket.close(4400, 'Enough');
      socket.close(1000, 'again');
      await eventually(() => assert.equal(seen.closes.length, 1));
      await eventually(() => assert.deepEqual(far.closes, [4400]));
      assert.deepEqual(far.received, ['last words']);
      assert.equal(seen.closes[0]?.code, 4400);
    }),

    define('tells how the peer closed', async ({ socket, far }) => {
      const seen = listenTo(socket);
      far.send('bye');
      far.close(4000, 'done');
      await eventually(() => assert.deepEqual(seen.closes, [{ code: 4000, reason: 'done' }]));
      assert.deepEqual(seen.messages, ['bye']);
    }),

    define('does nothing once closed, and never throws', async ({ socket, far }) => {
      const seen = listenTo(socket);
      socket.terminate();
      await eventually(() => assert.equal(seen.closes.length, 1));
      assert.equal(seen.closes[0]?.code, 1006);
      assert.doesNotThrow(() => {
        socket.send('late');
        socket.ping();
        socket.close(1000, '');
        socket.terminate();
      });
      await eventually(() => assert.equal(far.closes.length, 1));
      assert.deepEqual(far.received, []);
      assert.equal(seen.closes.length, 1);
    }),
  ];
}
