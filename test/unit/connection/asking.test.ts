import { describe, expect, it, vi } from 'vitest';
import { ANONYMOUS, ConnectionManager, type Socket, type SocketListener } from '../../../src/index.js';

/** A socket above its mark, until a test lets it drain. */
class FullSocket implements Socket {
  bufferedAmount = 0;
  bytesReceived = 0;
  isRead = true;
  isFull = false;
  sent = 0;
  listener: SocketListener | undefined;
  closedWith: number | undefined;

  open(listener: SocketListener): void {
    this.listener = listener;
  }
  send(): boolean {
    this.sent++;
    return !this.isFull;
  }
  pause(): void {
    this.isRead = false;
  }
  resume(): void {
    this.isRead = true;
  }
  ping(): void {
    this.bytesReceived++;
  }
  close(code: number): void {
    this.closedWith = code;
  }
  terminate(): void {
    this.listener?.onClose(1006, '');
  }
}

function connect(slowConsumerMs = 30_000) {
  const connections = new ConnectionManager({ slowConsumerMs, heartbeatIntervalMs: 100 });
  const socket = new FullSocket();
  const connection = connections.connect(socket, { principal: ANONYMOUS, metadata: undefined, negotiated: true });
  if (connection === undefined) throw new Error('Not connected');
  socket.isFull = true;
  return { socket, connection };
}

const pong = { type: 'pong', timestamp: 0 } as const;

describe('a client that asks more than it reads', () => {
  it('is not read while short answers that cost 64 KiB wait, and is read again when they are gone', () => {
    const { socket, connection } = connect();
    while (socket.isRead) connection.sendMessage(pong);
    expect(socket.sent).toBeLessThan(100);
    expect(connection.isOpen).toBe(true);
    socket.isFull = false;
    socket.listener?.onDrain();
    expect(socket.isRead).toBe(true);
    expect(connection.isWritable).toBe(true);
    connection.terminate();
  });

  it('is closed with 4508 sooner than other slow readers', async () => {
    vi.useFakeTimers();
    // The clock of a process that runs never says 0.
    vi.advanceTimersByTime(1);
    const { socket, connection } = connect();
    const other = connect();
    other.connection.sendMessage(pong);
    while (socket.isRead) connection.sendMessage(pong);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(socket.closedWith).toBe(4508);
    expect(other.socket.closedWith).toBe(undefined);
    // Its answer to the close comes after everything else.
    expect(socket.isRead).toBe(true);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(other.socket.closedWith).toBe(4508);
    vi.useRealTimers();
  });

  it('is never patient for longer than slowConsumerMs', async () => {
    vi.useFakeTimers();
    // The clock of a process that runs never says 0.
    vi.advanceTimersByTime(1);
    const { socket, connection } = connect(1_000);
    while (socket.isRead) connection.sendMessage(pong);
    await vi.advanceTimersByTimeAsync(1_200);
    expect(socket.closedWith).toBe(4508);
    vi.useRealTimers();
  });
});
