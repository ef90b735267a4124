import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANONYMOUS, ConnectionManager, type Socket, type SocketListener } from '../../../src/index.js';

/** A socket whose numbers a test sets. */
class StubSocket implements Socket {
  bufferedAmount = 0;
  bytesReceived = 0;
  pings = 0;
  accepts = true;
  terminatedAt = 0;
  closedWith: number | undefined;
  listener: SocketListener | undefined;
  /** Called for every ping: a living peer adds bytes. */
  onPing: () => void = () => undefined;

  open(listener: SocketListener): void {
    this.listener = listener;
  }
  send(): boolean {
    return this.accepts;
  }
  ping(): void {
    this.pings++;
    this.onPing();
  }
  close(code: number): void {
    this.closedWith = code;
  }
  terminate(): void {
    if (this.terminatedAt === 0) this.terminatedAt = performance.now();
    this.listener?.onClose(1006, '');
  }
}

function connect(heartbeatIntervalMs: number, slowConsumerMs = 30_000) {
  const connections = new ConnectionManager({ heartbeatIntervalMs, slowConsumerMs });
  const socket = new StubSocket();
  const connection = connections.connect(socket, { principal: ANONYMOUS, metadata: undefined, negotiated: true });
  if (connection === undefined) throw new Error('Not connected');
  return { connections, socket, connection };
}

/** Our event loop stands still: the clock moves, no timer runs. */
function stall(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
  stalled += ms;
}

let stalled = 0;

beforeEach(() => {
  stalled = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + stalled);
  // The clock of a process that runs never says 0.
  vi.advanceTimersByTime(1);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a peer that falls silent', () => {
  // Interval, and the longest it may take: interval + min(interval, 10 s).
  it.each([
    [30_000, 40_000],
    [10_000, 20_000],
    [5_000, 10_000],
    [1_000, 2_000],
    [120_000, 130_000],
    [10, 20],
  ])('with an interval of %i ms is gone after at most %i ms, whenever its last byte came', (intervalMs, most) => {
    const looks = 40;
    for (let step = 0; step < looks; step++) {
      const { socket, connections } = connect(intervalMs);
      socket.onPing = () => (socket.bytesReceived += 6);
      // It lives through three intervals and falls silent at some point of the sweep.
      vi.advanceTimersByTime(intervalMs * 3 + Math.floor((step * intervalMs) / looks));
      socket.onPing = () => undefined;
      const lastByteAt = performance.now();
      socket.bytesReceived += 1;
      vi.advanceTimersByTime(most * 2);
      expect(connections.size).toBe(0);
      expect(socket.terminatedAt - lastByteAt).toBeLessThanOrEqual(most);
      // It had time to answer.
      expect(socket.terminatedAt - lastByteAt).toBeGreaterThan(intervalMs / 2);
    }
  });
});

describe('a peer that lives', () => {
  it('is pinged once an interval at most and stays', () => {
    const { socket, connections } = connect(30_000);
    socket.onPing = () => (socket.bytesReceived += 6);
    vi.advanceTimersByTime(3_600_000);
    expect(connections.size).toBe(1);
    expect(socket.pings).toBeGreaterThan(100);
    expect(socket.pings).toBeLessThan(160);
  });

  it('is pinged no more when it talks', () => {
    const { socket } = connect(30_000);
    const talk = setInterval(() => (socket.bytesReceived += 1), 9_000);
    vi.advanceTimersByTime(600_000);
    clearInterval(talk);
    expect(socket.pings).toBe(0);
  });

  it('stays while its ping waits behind data that it reads', () => {
    const { socket, connections } = connect(30_000);
    socket.bufferedAmount = 1_000_000;
    // The ping is never answered, for it has not left yet.
    const read = setInterval(() => (socket.bufferedAmount -= 5_000), 1_000);
    vi.advanceTimersByTime(190_000);
    expect(connections.size).toBe(1);
    clearInterval(read);
    vi.advanceTimersByTime(20_000);
    expect(connections.size).toBe(0);
  });

  it.each([1_000, 5_000, 9_000, 11_000, 60_000, 600_000])('survives our own stall of %i ms', (ms) => {
    for (let offset = 0; offset < 40_000; offset += 1_000) {
      const { socket, connections } = connect(30_000);
      // The answer comes after the first look that follows the stall, as it does where timers run before reads.
      const answers: NodeJS.Timeout[] = [];
      socket.onPing = () => answers.push(setTimeout(() => (socket.bytesReceived += 6), 2_500));
      vi.advanceTimersByTime(30_000 + offset);
      stall(ms);
      vi.advanceTimersByTime(120_000);
      expect(connections.size).toBe(1);
      socket.terminate();
      answers.forEach(clearTimeout);
    }
  });
});

describe('a reader that stopped reading', () => {
  it('is closed with 4508 after its time, and terminated 2 s later', () => {
    const { socket, connection, connections } = connect(30_000, 30_000);
    socket.onPing = () => (socket.bytesReceived += 6);
    socket.accepts = false;
    connection.write('x');
    vi.advanceTimersByTime(28_000);
    expect(socket.closedWith).toBeUndefined();
    vi.advanceTimersByTime(3_000);
    expect(socket.closedWith).toBe(4508);
    const timers = vi.getTimerCount();
    vi.advanceTimersByTime(2_000);
    expect(connections.size).toBe(0);
    // The sweep and one timer for the terminate, not one per look.
    expect(timers).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has its time anew when it drained', () => {
    const { socket, connection } = connect(30_000, 30_000);
    socket.onPing = () => (socket.bytesReceived += 6);
    for (let i = 0; i < 10; i++) {
      socket.accepts = false;
      connection.write('x');
      expect(connection.isWritable).toBe(false);
      vi.advanceTimersByTime(25_000);
      socket.accepts = true;
      connection.onDrain();
      expect(connection.isWritable).toBe(true);
    }
    expect(socket.closedWith).toBeUndefined();
  });

  it('is forgiven our own stall', () => {
    const { socket, connection } = connect(30_000, 30_000);
    socket.onPing = () => (socket.bytesReceived += 6);
    socket.accepts = false;
    connection.write('x');
    vi.advanceTimersByTime(4_000);
    stall(60_000);
    vi.advanceTimersByTime(20_000);
    expect(socket.closedWith).toBeUndefined();
    vi.advanceTimersByTime(12_000);
    expect(socket.closedWith).toBe(4508);
  });
});

describe('the sweep', () => {
  it('runs only while there are connections', () => {
    const { socket } = connect(30_000);
    expect(vi.getTimerCount()).toBe(1);
    socket.terminate();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a socket that throws', () => {
  it('at a ping or at its end is dropped, and the others are looked at all the same', () => {
    const { connections, socket } = connect(1_000);
    const broken = new StubSocket();
    const fail = (): never => {
      throw new Error('no');
    };
    broken.onPing = fail;
    broken.terminate = fail;
    const ends: number[] = [];
    connections.on('disconnect', (_connection, { code }) => ends.push(code));
    connections.connect(broken, { principal: ANONYMOUS, metadata: undefined, negotiated: true });
    const later = new StubSocket();
    connections.connect(later, { principal: ANONYMOUS, metadata: undefined, negotiated: true });
    for (const alive of [socket, later]) alive.onPing = () => (alive.bytesReceived += 6);
    vi.advanceTimersByTime(3_000);
    expect(ends).toEqual([1006]);
    expect(connections.size).toBe(2);
    expect(later.pings).toBeGreaterThan(1);
  });
});
