import { describe, expect, it, vi } from 'vitest';
import type { Socket } from '../../src/index.js';

/** The far end of a socket under test, driven by the test. */
export interface FarEnd {
  /** Messages received, in order, as text. */
  readonly received: readonly string[];
  /** Codes it was closed with; at most one. */
  readonly closes: readonly number[];
  send(text: string): void;
  sendBinary(data: Uint8Array): void;
  /** Stops reading. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
}

/** A socket not yet opened, with its mark at 64 KiB, and its far end. */
export interface SocketPair {
  readonly socket: Socket;
  readonly far: FarEnd;
}

/** What a listener was told. */
function listenTo(socket: Socket): {
  messages: (string | Uint8Array)[];
  closes: { code: number; reason: string }[];
  drains: number;
} {
  const seen = {
    messages: [] as (string | Uint8Array)[],
    closes: [] as { code: number; reason: string }[],
    drains: 0,
  };
  socket.open({
    onMessage: (data) => void seen.messages.push(data),
    onDrain: () => seen.drains++,
    onClose: (code, reason) => void seen.closes.push({ code, reason }),
  });
  return seen;
}

/** What every {@link Socket} has to do. */
export function socketSuite(name: string, link: () => Promise<SocketPair>): void {
  describe(`Socket: ${name}`, () => {
    it('carries text in order, both ways, strings and bytes alike', async () => {
      const { socket, far } = await link();
      const seen = listenTo(socket);
      expect(socket.send('one 漢🙂')).toBe(true);
      expect(socket.send(new TextEncoder().encode('two 漢🙂'))).toBe(true);
      socket.send('');
      far.send('three');
      far.send('');
      await vi.waitFor(() => expect(far.received).toEqual(['one 漢🙂', 'two 漢🙂', '']));
      await vi.waitFor(() => expect(seen.messages).toEqual(['three', '']));
      await vi.waitFor(() => expect(socket.bufferedAmount).toBe(0));
    });

    it('gives a binary message as bytes', async () => {
      const { socket, far } = await link();
      const seen = listenTo(socket);
      far.sendBinary(new Uint8Array([1, 2, 3]));
      await vi.waitFor(() => expect(seen.messages).toHaveLength(1));
      const [data] = seen.messages;
      expect(data instanceof Uint8Array && [...data]).toEqual([1, 2, 3]);
    });

    it('counts the bytes it receives', async () => {
      const { socket, far } = await link();
      listenTo(socket);
      const before = socket.bytesReceived;
      far.send('x'.repeat(1_000));
      await vi.waitFor(() => expect(socket.bytesReceived).toBeGreaterThan(before));
    });

    it('shows by the answer to a ping that the peer lives', async () => {
      const { socket } = await link();
      listenTo(socket);
      const before = socket.bytesReceived;
      socket.ping();
      await vi.waitFor(() => expect(socket.bytesReceived).toBeGreaterThan(before));
    });

    it('says when it is full and when it is empty again, and loses nothing', async () => {
      const { socket, far } = await link();
      const seen = listenTo(socket);
      far.pause();
      let sent = 0;
      const send = (): boolean => socket.send(`${sent++} ${'x'.repeat(10_000)}`);
      // The network takes some before the buffer grows.
      await vi.waitFor(
        () => {
          for (let i = 0; i < 50 && socket.bufferedAmount < 65_536; i++) send();
          expect(socket.bufferedAmount).toBeGreaterThanOrEqual(65_536);
        },
        { interval: 5, timeout: 10_000 },
      );
      expect(send()).toBe(false);
      const drains = seen.drains;
      far.resume();
      await vi.waitFor(() => expect(seen.drains).toBeGreaterThan(drains));
      await vi.waitFor(() => expect(far.received).toHaveLength(sent));
      expect(far.received.map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: sent }, (_, i) => i));
      expect(send()).toBe(true);
    });

    it('closes with code and reason after what was sent, and tells so once', async () => {
      const { socket, far } = await link();
      const seen = listenTo(socket);
      socket.send('last words');
      socket.close(4400, 'Enough');
      socket.close(1000, 'again');
      await vi.waitFor(() => expect(seen.closes).toHaveLength(1));
      await vi.waitFor(() => expect(far.closes).toEqual([4400]));
      expect(far.received).toEqual(['last words']);
      expect(seen.closes[0]?.code).toBe(4400);
    });

    it('tells how the peer closed', async () => {
      const { socket, far } = await link();
      const seen = listenTo(socket);
      far.send('bye');
      far.close(4000, 'done');
      await vi.waitFor(() => expect(seen.closes).toEqual([{ code: 4000, reason: 'done' }]));
      expect(seen.messages).toEqual(['bye']);
    });

    it('does nothing once closed, and never throws', async () => {
      const { socket, far } = await link();
      const seen = listenTo(socket);
      socket.terminate();
      await vi.waitFor(() => expect(seen.closes).toHaveLength(1));
      expect(seen.closes[0]?.code).toBe(1006);
      expect(() => {
        socket.send('late');
        socket.ping();
        socket.close(1000, '');
        socket.terminate();
      }).not.toThrow();
      await vi.waitFor(() => expect(far.closes).toHaveLength(1));
      expect(far.received).toEqual([]);
      expect(seen.closes).toHaveLength(1);
    });
  });
}
