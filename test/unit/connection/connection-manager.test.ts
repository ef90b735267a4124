import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ANONYMOUS,
  ConnectionManager,
  type ConnectionManagerOptions,
  type Logger,
  type Principal,
} from '../../../src/index.js';
import { CLOSE_CODES } from '../../../src/protocol/index.js';
import { linkSockets, type LinkedSocket } from '../../../src/testing/index.js';

interface Meta {
  readonly tenant: string;
}

/** The client's end of two linked sockets. */
class Peer {
  readonly received: Record<string, unknown>[] = [];
  close: { code: number; reason: string } | undefined;
  readonly socket: LinkedSocket;

  constructor(socket: LinkedSocket) {
    this.socket = socket;
    socket.open({
      onMessage: (data) => void this.received.push(JSON.parse(String(data)) as Record<string, unknown>),
      onDrain: () => undefined,
      onClose: (code, reason) => (this.close = { code, reason }),
    });
  }
}

function setUp(options: ConnectionManagerOptions = {}) {
  const connections = new ConnectionManager<Principal, Meta>(options);
  const join = (tenant = 'acme', mark?: number) => {
    const [socket, far] = linkSockets(mark === undefined ? {} : { mark });
    const peer = new Peer(far);
    const info = {
      principal: ANONYMOUS,
      metadata: { tenant },
      negotiated: true,
      remoteAddress: '10.0.0.1',
      userAgent: 'x/1',
    };
    return { connection: connections.connect(socket, info), peer, socket };
  };
  const enter = (tenant?: string, mark?: number) => {
    const { connection, ...rest } = join(tenant, mark);
    if (connection === undefined) throw new Error('No place was free');
    return { connection, ...rest };
  };
  return { connections, join, enter };
}

/** Lets the linked sockets deliver: they do it in microtasks. */
const settle = () => new Promise(setImmediate);

afterEach(() => {
  vi.useRealTimers();
});

describe('connect', () => {
  it('greets first, then says so', async () => {
    const { connections, enter } = setUp({
      epoch: 'e1',
      maxMessageBytes: 2_048,
      maxRunsPerConnection: 3,
      heartbeatIntervalMs: 5_000,
    });
    const seen: unknown[] = [];
    connections.on('connect', (connection) => {
      seen.push(connection.id);
      connection.sendMessage({ type: 'custom' });
    });
    const { connection, peer } = enter();
    await settle();
    expect(seen).toEqual([connection.id]);
    expect(peer.received).toEqual([
      {
        type: 'connected',
        connection_id: connection.id,
        message: 'Connected to Agent WebSocket',
        protocol: 'agent-ws.v1',
        epoch: 'e1',
        principal_id: 'anonymous',
        limits: { message_bytes: 2_048, runs: 3, heartbeat_seconds: 5, detach_seconds: 60 },
      },
      { type: 'custom' },
    ]);
    expect(connection).toMatchObject({ remoteAddress: '10.0.0.1', userAgent: 'x/1', negotiated: true, isOpen: true });
    expect(connection.metadata.tenant).toBe('acme');
    expect(connection.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  it('refuses one too many with 1013', async () => {
    const { connections, join } = setUp({ maxConnections: 1 });
    join();
    const { connection, peer } = join();
    await settle();
    expect(connection).toBeUndefined();
    expect(peer.close).toEqual({ code: 1013, reason: CLOSE_CODES.overCapacity.reason });
    expect(connections.size).toBe(1);
    expect(connections.statistics().total_connections).toBe(1);
  });

  it('survives a listener that disconnects', async () => {
    const { connections, enter } = setUp();
    connections.on('connect', ({ id }) => void connections.disconnect(id));
    const { connection, peer } = enter();
    await settle();
    expect(connection.isOpen).toBe(false);
    expect(peer.close?.code).toBe(1000);
    expect(connections.size).toBe(0);
  });
});

describe('reserve', () => {
  it('holds a place until it is released, once', () => {
    const { connections } = setUp({ maxConnections: 2 });
    const first = connections.reserve();
    const second = connections.reserve();
    expect(connections.isFull).toBe(true);
    expect(connections.reserve()).toBeUndefined();
    first?.release();
    first?.release();
    first?.release();
    expect(connections.reserve()).toBeDefined();
    expect(connections.reserve()).toBeUndefined();
    second?.release();
    expect(connections.isFull).toBe(false);
  });

  it('lets few handshakes of an address wait for the client to say who it is', () => {
    const { connections } = setUp({ maxConnections: 1_000 });
    const slots = Array.from({ length: 64 }, () => connections.reserve('192.0.2.1', true));
    expect(slots).not.toContain(undefined);
    expect(connections.reserve('192.0.2.1', true)).toBeUndefined();
    expect(connections.reserve('192.0.2.1')).toBeDefined();
    expect(connections.reserve('192.0.2.2', true)).toBeDefined();
    slots[0]?.release();
    slots[0]?.release();
    expect(connections.reserve('192.0.2.1', true)).toBeDefined();
    expect(connections.reserve('192.0.2.1', true)).toBeUndefined();
    // The released one, and three that were added.
    expect(connections.handshakes).toBe(66);
  });

  it('lets few handshakes of an address wait for the place of somebody else', () => {
    const { connections } = setUp({ maxConnections: 200 });
    for (let i = 0; i < 200; i++) expect(connections.reserve('192.0.2.1')).toBeDefined();
    for (let i = 0; i < 64; i++) expect(connections.reserve('192.0.2.2')).toBeDefined();
    expect(connections.reserve('192.0.2.2')).toBeUndefined();
    expect(connections.reserve('192.0.2.3')).toBeDefined();
    expect(connections.handshakes).toBe(200);
  });

  it('gives its place to the connection', async () => {
    const { connections } = setUp({ maxConnections: 1 });
    const slot = connections.reserve();
    const [socket, far] = linkSockets();
    const info = { principal: ANONYMOUS, metadata: { tenant: 'a' }, negotiated: false };
    expect(connections.connect(socket, info, slot)).toBeDefined();
    slot?.release();
    expect(connections.isFull).toBe(true);
    far.close(1000, '');
    await settle();
    expect(connections.isFull).toBe(false);
    slot?.release();
    const [again] = linkSockets();
    expect(connections.connect(again, info)).toBeDefined();
    expect(connections.isFull).toBe(true);
  });
});

describe('disconnect', () => {
  it('closes with what it is told, and forgets the connection', async () => {
    const { connections, enter } = setUp();
    const gone: unknown[] = [];
    connections.on('disconnect', ({ id }, close) => gone.push([id, close]));
    const { connection, peer } = enter();
    expect(connections.disconnect(connection.id, { code: 4001, reason: 'moved' })).toBe(true);
    expect(connection.isOpen).toBe(false);
    expect(connection.sendMessage({ type: 'late' })).toBe(false);
    await settle();
    expect(peer.close).toEqual({ code: 4001, reason: 'moved' });
    expect(peer.received.map(({ type }) => type)).not.toContain('late');
    expect(gone).toEqual([[connection.id, { code: 4001, reason: 'moved' }]]);
    expect(connections.get(connection.id)).toBeUndefined();
    expect(connections.disconnect(connection.id)).toBe(false);
  });

  it('says so once, whoever ends it how often', async () => {
    const { connections, enter } = setUp();
    const gone = vi.fn();
    connections.on('disconnect', gone);
    const { connection, peer } = enter();
    peer.socket.close(1001, 'tab closed');
    connection.close();
    connection.terminate();
    connection.close();
    await settle();
    expect(gone).toHaveBeenCalledOnce();
    expect(connections.size).toBe(0);
  });
});

describe('messages', () => {
  it('go to one connection by its id', async () => {
    const { connections, enter } = setUp();
    const one = enter();
    const two = enter();
    expect(connections.sendMessage(one.connection.id, { type: 'hello' })).toBe(true);
    expect(connections.sendMessage('nobody', { type: 'hello' })).toBe(false);
    await settle();
    expect(one.peer.received.at(-1)).toEqual({ type: 'hello' });
    expect(two.peer.received).toHaveLength(1);
  });

  it('are broadcast to all or some, encoded once', async () => {
    const { connections, enter } = setUp();
    const all = [enter('a'), enter('b'), enter('a')];
    const closed = enter('a');
    closed.connection.close();
    let encoded = 0;
    const message = {
      type: 'news',
      get text() {
        encoded++;
        return '你好';
      },
    };
    expect(connections.broadcast(message)).toBe(3);
    expect(encoded).toBe(1);
    expect(connections.broadcast(message, ({ metadata }) => metadata.tenant === 'a')).toBe(2);
    expect(encoded).toBe(2);
    await settle();
    expect(all.map(({ peer }) => peer.received.filter(({ type }) => type === 'news').length)).toEqual([2, 1, 2]);
    expect(all[0]?.peer.received.at(-1)).toEqual({ type: 'news', text: '你好' });
  });

  it('are handed on as they come, text and bytes', async () => {
    const { connections, enter } = setUp();
    const seen: unknown[] = [];
    connections.on('message', (_connection, data) => seen.push(data));
    const { peer } = enter();
    peer.socket.send('{"a":1}');
    peer.socket.sendBinary(new Uint8Array([1, 2]));
    await settle();
    expect(seen).toEqual(['{"a":1}', new Uint8Array([1, 2])]);
  });

  it('of a closed connection are ignored', async () => {
    const { connections, enter } = setUp();
    const seen = vi.fn();
    connections.on('message', seen);
    const { peer, connection } = enter();
    peer.socket.send('late');
    connection.close();
    await settle();
    expect(seen).not.toHaveBeenCalled();
  });
});

describe('iteration', () => {
  it('goes over the connections now', async () => {
    const { connections, enter } = setUp();
    const made = [enter(), enter(), enter()].map(({ connection }) => connection);
    expect([...connections]).toEqual(made);
    expect(connections.get(made[1]?.id ?? '')).toBe(made[1]);
    made[1]?.close();
    await settle();
    expect([...connections]).toEqual([made[0], made[2]]);
  });
});

describe('statistics', () => {
  it('count per connection and in all, also of those that have gone', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 });
    const { connections, enter } = setUp();
    const one = enter();
    const two = enter();
    one.peer.socket.send('a');
    one.peer.socket.send('bb');
    two.peer.socket.send('c');
    await settle();
    vi.setSystemTime(1_000_000_002_500);
    one.peer.socket.send('dddd');
    await settle();
    expect(one.connection).toMatchObject({ messageCount: 3, bytesReceived: 7, lastActivityAt: 1_000_000_002_500 });
    expect(two.connection).toMatchObject({ messageCount: 1, bytesReceived: 1, lastActivityAt: 1_000_000_000_000 });
    two.connection.close();
    await settle();
    expect(connections.statistics()).toEqual({
      active_connections: 1,
      total_connections: 2,
      total_messages: 4,
      connections: [{ id: one.connection.id, connected_at: 1_000_000_000, message_count: 3, uptime: 2.5 }],
    });
  });

  it('know no negative uptime', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 });
    const { connections, enter } = setUp();
    enter();
    vi.setSystemTime(999_999_000_000);
    expect(connections.statistics().connections[0]?.uptime).toBe(0);
  });
});

describe('time stamps', () => {
  it('never go back within a connection, whatever the clock does', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 });
    const { enter } = setUp();
    const { connection } = enter();
    const stamps = [connection.timestamp()];
    for (const step of [500, -3_600_000, 1, 3_700_000, -1]) {
      vi.setSystemTime(Date.now() + step);
      stamps.push(connection.timestamp());
    }
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
    expect(stamps[2]).toBe(stamps[1]);
    // A message of a run that is older than what the connection has seen moves up.
    expect(connection.timestamp(1)).toBe(stamps.at(-1));
  });
});

describe('listeners', () => {
  function logged(): { logger: Logger; errors: unknown[] } {
    const errors: unknown[] = [];
    const ignore = () => undefined;
    return {
      errors,
      logger: { debug: ignore, info: ignore, warn: ignore, error: (fields) => errors.push(fields['err']) },
    };
  }

  it('that throw or reject reach the logger and nobody else', async () => {
    const { logger, errors } = logged();
    const { connections, enter } = setUp({ logger });
    const failure = new Error('of a listener');
    const after = vi.fn();
    const rejecting = vi.fn().mockRejectedValue(failure);
    for (const event of ['connect', 'message', 'disconnect'] as const) {
      connections.on(event, () => {
        throw failure;
      });
      connections.on(event, rejecting);
      connections.on(event, after);
    }
    const { peer } = enter();
    peer.socket.send('x');
    await settle();
    peer.socket.close(1000, '');
    await settle();
    expect(after).toHaveBeenCalledTimes(3);
    expect(errors).toEqual(Array.from({ length: 6 }, () => failure));
    expect(connections.size).toBe(0);
  });

  it('can be removed', async () => {
    const { connections, enter } = setUp();
    const kept = vi.fn();
    const removed = vi.fn();
    const once = vi.fn();
    connections.on('connect', kept);
    connections.on('connect', removed)();
    connections.once('connect', once);
    enter();
    enter();
    await settle();
    expect([kept, removed, once].map((listener) => listener.mock.calls.length)).toEqual([2, 0, 1]);
  });
});

describe('a peer that does not read', () => {
  it('is closed with 4508 when 1 MiB of messages outside runs wait, then terminated', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { connections, enter } = setUp();
    const { connection, peer, socket } = enter();
    await Promise.resolve();
    const terminate = vi.spyOn(socket, 'terminate');
    peer.socket.pause();
    const text = 'x'.repeat(10_000);
    let sent = 0;
    while (connection.sendMessage({ type: 'news', text })) sent++;
    // 256 KiB up to the mark, then 1 MiB of what nobody holds back.
    expect(sent).toBeGreaterThan(125);
    expect(sent).toBeLessThan(135);
    expect(connection.isOpen).toBe(false);
    await Promise.resolve();
    vi.advanceTimersByTime(2_000);
    expect(terminate).toHaveBeenCalledOnce();
    vi.useRealTimers();
    peer.socket.resume();
    await settle();
    expect(peer.close?.code).toBe(4508);
    expect(connections.size).toBe(0);
  });

  it('is no reader to write runs to until it drains', async () => {
    const { enter } = setUp();
    const { connection, peer } = enter('a', 1_000);
    await settle();
    peer.socket.pause();
    const writable = vi.fn();
    const disconnected = vi.fn();
    connection.addReader({ onWritable: writable, onDisconnected: disconnected });
    expect(connection.write('x'.repeat(500))).toBe(true);
    expect(connection.write('x'.repeat(500))).toBe(false);
    expect(connection.isWritable).toBe(false);
    expect(writable).not.toHaveBeenCalled();
    peer.received.length = 0;
    peer.socket.terminate();
    await settle();
    expect(disconnected).toHaveBeenCalledOnce();
    expect(writable).not.toHaveBeenCalled();
    expect(connection.readers.size).toBe(0);
  });
});

describe('readers', () => {
  it('take turns at being first', async () => {
    const { enter } = setUp();
    const { connection } = enter('a', 50);
    await settle();
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      connection.addReader({ onWritable: () => order.push(name), onDisconnected: () => undefined });
    }
    connection.onDrain();
    // It was not blocked: nobody is told.
    expect(order).toEqual([]);
    for (let i = 0; i < 3; i++) {
      expect(connection.write(JSON.stringify('x'.repeat(50)))).toBe(false);
      connection.onDrain();
    }
    expect(order.join('')).toBe('abcbcacab');
  });
});
