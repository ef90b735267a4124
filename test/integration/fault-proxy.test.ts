import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FaultProxy, TestClient, type CutKind, type FaultyConnection } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

/** One end of a connection, with everything it saw. */
class End {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  /** How it ended, as far as it has. */
  end: CutKind | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => void this.#chunks.push(data));
    socket.on('end', () => (this.end ??= 'fin'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') this.end ??= 'rst';
    });
    onTestFinished(() => void socket.destroy());
  }

  /** What it received. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get length(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }
}

function soon<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { interval: 4 });
}

/** A server that keeps its connections. */
async function listen(): Promise<{ port: number; accepted(n: number): Promise<End> }> {
  const ends: End[] = [];
  const server = createServer((socket) => ends.push(new End(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    accepted: (n) => soon(() => ends[n] ?? expect.fail(`No connection ${n}`)),
  };
}

function dial(port: number): End {
  return new End(connect({ port, host: '127.0.0.1', noDelay: true }));
}

interface Link {
  readonly proxy: FaultProxy;
  readonly client: End;
  readonly target: End;
  readonly connection: FaultyConnection;
}

/** A client and a server with a proxy between them. */
async function link(): Promise<Link> {
  const server = await listen();
  const proxy = await FaultProxy.start({ target: server.port });
  onTestFinished(() => proxy.close());
  const client = dial(proxy.port);
  const target = await server.accepted(0);
  const [connection] = proxy.connections;
  return { proxy, client, target, connection: connection ?? expect.fail('No connection') };
}

/** Passes bytes, and then a reset, through a link without faults: what could get through elsewhere did so meanwhile. */
async function meanwhile(bytes: number): Promise<void> {
  const { client, target } = await link();
  client.socket.write(pattern(bytes));
  await soon(() => expect(target.length).toBe(bytes));
  client.socket.resetAndDestroy();
  await soon(() => expect(target.end).toBe('rst'));
}

/** Bytes that differ along the way. */
function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

describe('a connection without faults', () => {
  it('passes on megabytes both ways, and each end of its own', async () => {
    const { client, target, connection, proxy } = await link();
    const up = pattern(3_000_000);
    const down = pattern(2_000_001);
    client.socket.end(up);
    target.socket.end(down);
    await connection.closed;
    await soon(() => expect([client.end, target.end]).toEqual(['fin', 'fin']));
    expect(target.bytes.equals(up)).toBe(true);
    expect(client.bytes.equals(down)).toBe(true);
    expect(connection.bytes).toEqual({ up: 3_000_000, down: 2_000_001 });
    expect(proxy.connections.size).toBe(0);
  });

  it.each(['client', 'target'] as const)('passes on a reset by the %s', async (side) => {
    const { client, target } = await link();
    const [mine, other] = side === 'client' ? [client, target] : [target, client];
    mine.socket.resetAndDestroy();
    await soon(() => expect(other.end).toBe('rst'));
  });

  it('holds no more than a few buffers for an end that does not read', async () => {
    const { client, target } = await link();
    target.socket.pause();
    const sent = pattern(30_000_000);
    client.socket.write(sent);
    await meanwhile(sent.length);
    // The rest is still where it came from: in the buffer of the client.
    expect(client.socket.writableLength).toBeGreaterThan(10_000_000);
    target.socket.resume();
    await soon(() => expect(target.length).toBe(sent.length));
    expect(target.bytes.equals(sent)).toBe(true);
  });
});

describe('a cut', () => {
  const sent = pattern(200_000);

  describe.each(['fin', 'rst'] as const)('by %s', (by) => {
    it.each([0, 1, 2, 1_000, 65_535, 65_536, 65_537, 199_999])('comes after exactly %i bytes down', async (bytes) => {
      const { client, target, connection } = await link();
      connection.apply({ cutAfter: { direction: 'down', bytes, by } });
      target.socket.write(sent);
      await soon(() => expect([client.end, target.end]).toEqual([by, by]));
      expect(client.bytes.equals(sent.subarray(0, bytes))).toBe(true);
      await connection.closed;
      expect(connection.bytes).toEqual({ up: 0, down: bytes });
    });

    it.each([1, 777, 100_000])('comes after exactly %i bytes up, in pieces', async (bytes) => {
      const { client, target, connection } = await link();
      connection.apply({ cutAfter: { direction: 'up', bytes, by } });
      for (let at = 0; at < sent.length; at += 333) client.socket.write(sent.subarray(at, at + 333));
      await soon(() => expect([client.end, target.end]).toEqual([by, by]));
      expect(target.bytes.equals(sent.subarray(0, bytes))).toBe(true);
    });

    it('can be made now, in the middle of a stall too', async () => {
      const { proxy, client, target, connection } = await link();
      connection.stall();
      target.socket.write('never');
      proxy.cutAll(by);
      await soon(() => expect([client.end, target.end]).toEqual([by, by]));
      expect(client.length).toBe(0);
    });

    it('comes at once where so many bytes are through already', async () => {
      const { client, target, connection } = await link();
      target.socket.write('ten bytes!');
      await soon(() => expect(client.length).toBe(10));
      connection.apply({ cutAfter: { direction: 'down', bytes: 5, by } });
      await soon(() => expect([client.end, target.end]).toEqual([by, by]));
    });
  });

  it('by FIN does not wait for ever for an end that stays open', async () => {
    const { proxy, client, target, connection } = await link();
    client.socket.pause();
    target.socket.pause();
    proxy.cutAll('fin');
    await connection.closed;
    expect(proxy.connections.size).toBe(0);
  });
});

describe('a stall', () => {
  it('keeps both ends open, and loses nothing when it is over', async () => {
    const { proxy, client, target } = await link();
    const sent = pattern(1_000_000);
    target.socket.write(sent.subarray(0, 10));
    await soon(() => expect(client.length).toBe(10));
    proxy.stall();
    target.socket.write(sent.subarray(10));
    client.socket.end('last words');
    await meanwhile(sent.length);
    expect(client.length).toBe(10);
    expect(target.length).toBe(0);
    expect([client.end, target.end]).toEqual([undefined, undefined]);
    proxy.resume();
    await soon(() => expect(client.length).toBe(sent.length));
    expect(client.bytes.equals(sent)).toBe(true);
    await soon(() => expect(target.end).toBe('fin'));
    expect(target.bytes.toString()).toBe('last words');
  });

  it('hides from one end that the other is gone', async () => {
    const { connection, client, target } = await link();
    connection.stall();
    client.socket.resetAndDestroy();
    await meanwhile(10);
    expect(target.end).toBeUndefined();
    connection.resume();
    await soon(() => expect(target.end).toBe('rst'));
  });
});

describe('time', () => {
  it('lets every byte arrive later, in order', async () => {
    const { connection, client, target } = await link();
    connection.apply({ delayMs: 60 });
    const begun = performance.now();
    target.socket.write('one ');
    const first = once(client.socket, 'data');
    await setTimeout(20);
    target.socket.end('two');
    await first;
    expect(performance.now() - begun).toBeGreaterThanOrEqual(59);
    await soon(() => expect(client.end).toBe('fin'));
    expect(client.bytes.toString()).toBe('one two');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(79);
  });

  it('lets so many bytes through in a second', async () => {
    const { proxy, client, target } = await link();
    proxy.apply({ bytesPerSecond: 100_000 });
    const sent = pattern(40_000);
    const begun = performance.now();
    target.socket.write(sent);
    await soon(() => expect(client.length).toBe(sent.length));
    expect(performance.now() - begun).toBeGreaterThan(370);
    expect(client.bytes.equals(sent)).toBe(true);
    proxy.apply({ bytesPerSecond: Infinity });
    target.socket.write(pattern(1_000_000));
    await soon(() => expect(client.length).toBe(1_040_000));
  });
});

describe('new connections', () => {
  it('are refused, by one or all, and nothing reaches the target', async () => {
    const server = await listen();
    const proxy = await FaultProxy.start({
      target: server.port,
      onConnection: (index) => (index === 0 ? 'refuse' : undefined),
    });
    onTestFinished(() => proxy.close());
    const first = dial(proxy.port);
    await soon(() => expect(first.end).toBe('rst'));
    const second = dial(proxy.port);
    second.socket.write('here');
    const target = await server.accepted(0);
    await soon(() => expect(target.bytes.toString()).toBe('here'));
    proxy.refuses = true;
    const third = dial(proxy.port);
    await soon(() => expect(third.end).toBe('rst'));
    expect(second.end).toBeUndefined();
    expect([...proxy.connections].map(({ index }) => index)).toEqual([1]);
  });

  it('get faults of their own, in addition to those of all', async () => {
    const server = await listen();
    const proxy = await FaultProxy.start({
      target: server.port,
      onConnection: (index) => ({ cutAfter: { direction: 'up', bytes: 3 + index, by: 'fin' } }),
    });
    onTestFinished(() => proxy.close());
    proxy.apply({ delayMs: 30 });
    const begun = performance.now();
    for (const index of [0, 1]) {
      dial(proxy.port).socket.write('abcdef');
      const target = await server.accepted(index);
      await soon(() => expect(target.end).toBe('fin'));
      expect(target.bytes.toString()).toBe('abcdef'.slice(0, 3 + index));
    }
    expect(performance.now() - begun).toBeGreaterThanOrEqual(59);
  });

  it('go to another target, as after a restart; where nobody listens they are reset', async () => {
    const [one, two] = [await listen(), await listen()];
    const proxy = await FaultProxy.start({ target: one.port });
    onTestFinished(() => proxy.close());
    dial(proxy.port).socket.write('to one');
    const first = await one.accepted(0);
    proxy.target = two.port;
    dial(proxy.port).socket.write('to two');
    const second = await two.accepted(0);
    await soon(() => expect([first.bytes, second.bytes].map(String)).toEqual(['to one', 'to two']));
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    proxy.target = port;
    const lost = dial(proxy.port);
    await soon(() => expect(lost.end).toBe('rst'));
    expect(first.end).toBeUndefined();
  });
});

describe('the proxy', () => {
  it('stands before a server', async () => {
    const { port } = await startServer();
    const proxy = await FaultProxy.start({ target: port });
    onTestFinished(() => proxy.close());
    const client = await TestClient.connect(proxy.url());
    expect((await client.ask({ type: 'agent_query', query: 'Hi' })).type).toBe('agent_response');
    proxy.cutAll('rst');
    expect(await client.closed).toEqual({ code: 1006, reason: '' });
    expect(proxy.url('/other')).toBe(`ws://127.0.0.1:${proxy.port}/other`);
  });

  it('resets its connections when it closes, as often as it is closed', async () => {
    const { proxy, client, target } = await link();
    await Promise.all([proxy.close(), proxy.close()]);
    await soon(() => expect([client.end, target.end]).toEqual(['rst', 'rst']));
  });

  it.each([
    [{ delayMs: -1 }, 'delayMs'],
    [{ bytesPerSecond: 0 }, 'bytesPerSecond'],
    [{ stalled: 1 }, 'stalled'],
    [{ cutAfter: { direction: 'down', bytes: 1.5, by: 'rst' } }, 'cutAfter.bytes'],
    [{ cutAfter: { direction: 'left', bytes: 1, by: 'rst' } }, 'cutAfter.direction'],
    [{ cutAfter: { direction: 'up', bytes: 1, by: 'force' } }, 'cutAfter.by'],
  ])('refuses %j', async (faults, option) => {
    const { proxy } = await link();
    expect(() => proxy.apply(faults as never)).toThrow(`Option "${option}" must be`);
  });

  it('refuses a port that is none', async () => {
    await expect(FaultProxy.start({ target: 0 })).rejects.toThrow(
      'Option "target" must be an integer from 1 to 65535, received 0',
    );
    const { proxy } = await link();
    expect(() => (proxy.target = 70_000)).toThrow('Option "target"');
  });
});
