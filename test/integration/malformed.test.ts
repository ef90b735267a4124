import { describe, expect, it, vi } from 'vitest';
import type { AgentSocketServer } from '../../src/index.js';
import { TestClient } from '../../src/testing/index.js';
import { closeFrame, frame, handshake, OPCODE, RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

const ping = JSON.stringify({ type: 'ping' });

/** Nobody else suffered, and the attacker is gone. */
async function expectUnharmed(agent: AgentSocketServer, witness: TestClient): Promise<void> {
  expect(await witness.ask({ type: 'streaming_query', query: 'Still there?' })).toMatchObject({ type: 'stream_end' });
  await vi.waitFor(() => expect(agent.connections.size).toBe(1));
  await witness.close();
  await vi.waitFor(() => expect(agent.connections.size).toBe(0));
}

describe('frames that break the rules', () => {
  it.each<[string, Buffer[], number]>([
    ['without a mask', [frame(OPCODE.text, ping, { masked: false })], 1002],
    ['with reserved bit 1 and no extension', [frame(OPCODE.text, ping, { reserved: 4 })], 1002],
    ['with reserved bit 2', [frame(OPCODE.text, ping, { reserved: 2 })], 1002],
    ['with reserved bit 3', [frame(OPCODE.text, ping, { reserved: 1 })], 1002],
    ['with opcode 3', [frame(3, ping)], 1002],
    ['with opcode 11', [frame(11, '')], 1002],
    ['that continue nothing', [frame(OPCODE.continuation, ping)], 1002],
    ['that begin anew within a message', [frame(OPCODE.text, 'a', { fin: false }), frame(OPCODE.text, 'b')], 1002],
    ['that cut a ping in two', [frame(OPCODE.ping, 'a', { fin: false })], 1002],
    ['with a ping of 126 bytes', [frame(OPCODE.ping, 'x'.repeat(126))], 1002],
    ['that declare 2^62 bytes', [frame(OPCODE.text, 'x', { declaredLength: 2n ** 62n })], 1009],
    ['that declare 2^63 bytes', [frame(OPCODE.text, 'x', { declaredLength: 2n ** 63n })], 1009],
    ['that declare 1 MiB + 1', [frame(OPCODE.text, 'x', { declaredLength: 1_048_577n })], 1009],
    ['of 1 MiB + 1', [frame(OPCODE.text, ' '.repeat(1_048_577))], 1009],
    [
      'of 1 MiB + 1 together',
      [frame(OPCODE.text, ' '.repeat(1_048_576), { fin: false }), frame(OPCODE.continuation, ' ')],
      1009,
    ],
    ['of text that is not UTF-8', [frame(OPCODE.text, Buffer.from([0xc3, 0x28]))], 1007],
    ['of text that ends in half a character', [frame(OPCODE.text, Buffer.from([0xe6, 0xbc]))], 1007],
    ['of text with a surrogate in UTF-8', [frame(OPCODE.text, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
    ['that close with 1005', [closeFrame(1005)], 1002],
    ['that close with 1006', [closeFrame(1006)], 1002],
    ['that close with 0', [closeFrame(0)], 1002],
    ['that close with 5000', [closeFrame(5000)], 1002],
    ['that close with half a code', [frame(OPCODE.close, Buffer.from([3]))], 1002],
    ['that close with a reason that is not UTF-8', [frame(OPCODE.close, Buffer.from([3, 232, 0xff]))], 1007],
    ['that are no frames', [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')], 1002],
  ])('%s', async (_name, frames, code) => {
    const { agent, port, url } = await startServer();
    const witness = await TestClient.connect(url);
    const attacker = await RawClient.open(port);
    attacker.socket.write(Buffer.concat(frames));
    await vi.waitFor(() => expect(attacker.close?.code).toBe(code));
    // A peer that answers is let go, and one that does not is ended: this one does neither.
    await attacker.closed;
    await expectUnharmed(agent, witness);
  });

  it('in the same packet as the handshake', async () => {
    const { agent, port, url } = await startServer();
    const witness = await TestClient.connect(url);
    const attacker = await RawClient.open(port, { head: frame(3, 'x') });
    await vi.waitFor(() => expect(attacker.close?.code).toBe(1002));
    await expectUnharmed(agent, witness);
  });
});

describe('frames that keep the rules', () => {
  it('takes a message of exactly 1 MiB', async () => {
    const { port } = await startServer();
    const client = await RawClient.open(port);
    client.socket.write(frame(OPCODE.text, ping + ' '.repeat(1_048_576 - ping.length)));
    await vi.waitFor(() => expect(client.messages.at(-1)?.['type']).toBe('pong'));
  });

  it('takes a message in 1024 pieces, control frames between them', async () => {
    const { port } = await startServer();
    const client = await RawClient.open(port);
    // Smaller pieces are read slowly.
    const pieces = Array.from({ length: 1_024 }, (_, i) =>
      frame(i === 0 ? OPCODE.text : OPCODE.continuation, (i === 0 ? ping : '').padEnd(1_024), { fin: i === 1_023 }),
    );
    pieces.splice(500, 0, frame(OPCODE.ping, 'between'));
    client.socket.write(Buffer.concat(pieces));
    await vi.waitFor(() => expect(client.messages.at(-1)?.['type']).toBe('pong'));
    const pong = client.frames.find(({ opcode }) => opcode === OPCODE.pong);
    expect(pong?.payload.toString()).toBe('between');
  });

  it('takes frames one byte at a time', async () => {
    const { port } = await startServer();
    const client = await RawClient.open(port);
    client.socket.setNoDelay(true);
    for (const byte of frame(OPCODE.text, ping)) {
      client.socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await vi.waitFor(() => expect(client.messages.at(-1)?.['type']).toBe('pong'));
  });

  it('answers a binary frame with an error and stays open', async () => {
    const { port } = await startServer();
    const client = await RawClient.open(port);
    client.socket.write(Buffer.concat([frame(OPCODE.binary, ping), frame(OPCODE.text, ping)]));
    await vi.waitFor(() => expect(client.messages.at(-1)?.['type']).toBe('pong'));
    expect(client.messages.at(-2)).toMatchObject({ type: 'error', code: 'invalid_json' });
  });

  it('answers a close with the same code', async () => {
    const { agent, port } = await startServer();
    const gone = vi.fn();
    agent.connections.on('disconnect', (_connection, close) => void gone(close));
    const client = await RawClient.open(port);
    client.socket.write(closeFrame(4000, 'done'));
    await client.closed;
    expect(client.close?.code).toBe(4000);
    await vi.waitFor(() => expect(gone).toHaveBeenCalledWith({ code: 4000, reason: 'done' }));
  });

  it('answers 2,000 pings in one write, in order', async () => {
    const { port } = await startServer({ rateLimits: false });
    const client = await RawClient.open(port);
    const pings = Array.from({ length: 2_000 }, (_, i) =>
      frame(OPCODE.text, JSON.stringify({ type: 'ping', request_id: `p${i}` })),
    );
    client.socket.write(Buffer.concat(pings));
    await vi.waitFor(() => expect(client.messages).toHaveLength(2_001));
    expect(client.messages.slice(1).map((message) => message['request_id'])).toEqual(pings.map((_, i) => `p${i}`));
  });
});

describe('floods', () => {
  it('refuses more than 1024 pieces with 1008, and holds little of them', async () => {
    const { agent, port, url } = await startServer({ maxMessageBytes: 4_194_304 });
    const witness = await TestClient.connect(url);
    const attackers = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(port)));
    const before = heap();
    // Smaller pieces are read slowly.
    const pieces = Buffer.concat(
      Array.from({ length: 2_000 }, (_, i) =>
        frame(i === 0 ? OPCODE.text : OPCODE.continuation, 'x'.repeat(1_024), { fin: false }),
      ),
    );
    for (const { socket } of attackers) socket.write(pieces);
    for (const attacker of attackers) {
      await vi.waitFor(() => expect(attacker.close?.code).toBe(1008));
    }
    expect(heap() - before).toBeLessThan(40_000_000);
    for (const { socket } of attackers) socket.destroy();
    await expectUnharmed(agent, witness);
  });

  const pongs = (client: RawClient) =>
    client.frames.filter(({ opcode }) => opcode === OPCODE.pong).map(({ payload }) => payload.toString());
  const numbered = (count: number) =>
    Buffer.concat(Array.from({ length: count }, (_, i) => frame(OPCODE.ping, String(i))));

  it('answers each of ten control pings in one write, as of a client that was stalled', async () => {
    const { port } = await startServer();
    const client = await RawClient.open(port);
    client.socket.write(numbered(10));
    await vi.waitFor(() => expect(pongs(client).join('')).toBe('0123456789'));
    client.socket.write(frame(OPCODE.text, ping));
    await vi.waitFor(() => expect(client.messages.at(-1)).toMatchObject({ type: 'pong' }));
  });

  it('closes one that floods control pings for seconds', async () => {
    const { agent, port, url } = await startServer();
    const witness = await TestClient.connect(url);
    const attacker = await RawClient.open(port);
    const gone = vi.fn();
    agent.connections.on('disconnect', (_connection, close) => void gone(close));
    attacker.socket.write(numbered(20_000));
    await vi.waitFor(() => expect(attacker.close?.code).toBe(4429));
    attacker.socket.destroy();
    await vi.waitFor(() => expect(gone).toHaveBeenCalledWith({ code: 4429, reason: 'Too many small frames' }));
    await expectUnharmed(agent, witness);
  });

  it('answers the last of many control pings at least, and stays', async () => {
    const { port } = await startServer();
    const client = await RawClient.open(port);
    client.socket.write(numbered(150));
    await vi.waitFor(() => expect(pongs(client).at(-1)).toBe('149'));
    const answered = pongs(client).map(Number);
    expect(answered).toEqual([...answered].sort((a, b) => a - b));
    client.socket.write(frame(OPCODE.text, ping));
    await vi.waitFor(() => expect(client.messages.at(-1)).toMatchObject({ type: 'pong' }));
    expect(client.close).toBeUndefined();
  });

  it('reads little of a client that floods control pings and reads nothing', async () => {
    const { agent, port, url } = await startServer();
    const witness = await TestClient.connect(url);
    const attacker = await RawClient.open(port);
    attacker.socket.pause();
    const target = [...agent.connections].at(-1);
    let sent = 0;
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => frame(OPCODE.ping, 'x'.repeat(125))));
    const write = (error?: Error | null): void => {
      if (error || sent >= 20_000_000) return;
      sent += flood.length;
      attacker.socket.write(flood, write);
    };
    write();
    await vi.waitFor(() => expect(target?.bytesReceived).toBeGreaterThan(10_000));
    for (let i = 0; i < 20; i++) {
      const since = witness.messages.length;
      witness.send({ type: 'ping' });
      await witness.next('pong', () => true, since);
    }
    // What one read brings is held until its frames were handled.
    expect(target?.bytesReceived).toBeLessThan(300_000);
    expect(target?.bufferedAmount).toBeLessThan(10_000);
    expect(agent.connections.size).toBe(2);
    attacker.socket.destroy();
    await expectUnharmed(agent, witness);
  });
});

describe('silence', () => {
  it.each([
    ['after half a header', frame(OPCODE.text, ping).subarray(0, 1)],
    ['after a header', frame(OPCODE.text, ping).subarray(0, 6)],
    ['after half a message', frame(OPCODE.text, ping).subarray(0, 12)],
    ['after the handshake', Buffer.alloc(0)],
  ])('%s is ended by the heartbeat', async (_name, bytes) => {
    const { agent, port, url } = await startServer({ heartbeatIntervalMs: 100 });
    const witness = await TestClient.connect(url);
    const attacker = await RawClient.open(port);
    attacker.socket.write(bytes);
    await attacker.closed;
    await expectUnharmed(agent, witness);
  });

  it('in the middle of the request is not our connection yet', async () => {
    const { agent, port, url } = await startServer();
    const witness = await TestClient.connect(url);
    const attacker = new RawClient(port);
    attacker.socket.write(handshake(port, {}).subarray(0, 60));
    await witness.ask({ type: 'agent_query', query: 'Hi' });
    expect(agent.connections.size).toBe(1);
    attacker.socket.destroy();
    await expectUnharmed(agent, witness);
  });

  it('of a connection that is cut in the middle of a frame', async () => {
    const { agent, port, url } = await startServer();
    const witness = await TestClient.connect(url);
    const attacker = await RawClient.open(port);
    attacker.socket.write(frame(OPCODE.text, ping).subarray(0, 8));
    attacker.socket.end();
    await attacker.closed;
    const other = await RawClient.open(port);
    other.socket.write(frame(OPCODE.text, ping).subarray(0, 8), () => other.socket.resetAndDestroy());
    await other.closed;
    await expectUnharmed(agent, witness);
  });
});

function heap(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
