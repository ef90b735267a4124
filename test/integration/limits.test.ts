import { describe, expect, it, vi } from 'vitest';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { frame, OPCODE, RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

/** The system takes up to 37 MB of small answers before the server notices that nobody reads: a busy machine takes its time. */
const UNREAD = { timeout: 120_000, interval: 5 };

const ping = frame(OPCODE.text, JSON.stringify({ type: 'ping', request_id: 'x'.repeat(100) }));

describe('a client that asks and never reads', () => {
  it('is closed with 4508 and terminated; memory is bounded and others notice nothing', async () => {
    const { agent, port, url } = await startServer({ rateLimits: false });
    const witness = await TestClient.connect(url);
    const flooder = await RawClient.open(port);
    flooder.socket.pause();
    const closes: number[] = [];
    let unsent = 0;
    agent.connections.on('disconnect', (_connection, { code }) => void closes.push(code));
    const flood = Buffer.concat(Array.from({ length: 2_000 }, () => ping));
    // It writes as fast as it is read, until it is cut off.
    const write = (error?: Error | null): void => {
      if (error) return;
      for (const connection of agent.connections) unsent = Math.max(unsent, connection.bufferedAmount);
      if (!flooder.socket.destroyed) flooder.socket.write(flood, write);
    };
    write();
    const open = () => [...agent.connections].filter(({ isOpen }) => isOpen).length;
    await vi.waitFor(() => expect(open()).toBe(1), UNREAD);
    expect(unsent).toBeLessThan(2_500_000);
    witness.send({ type: 'ping' });
    await witness.next('pong');
    // It never reads the close, and is gone all the same.
    await vi.waitFor(() => expect(agent.connections.size).toBe(1));
    expect(closes).toEqual([1006]);
  });

  it('reads the 4508 where it reads after all', async () => {
    const { agent, port } = await startServer({ rateLimits: false });
    const flooder = await RawClient.open(port);
    flooder.socket.pause();
    const flood = Buffer.concat(Array.from({ length: 2_000 }, () => ping));
    const write = (error?: Error | null): void => {
      if (error) return;
      if (!flooder.socket.destroyed && flooder.socket.isPaused()) flooder.socket.write(flood, write);
    };
    write();
    await vi.waitFor(() => expect([...agent.connections].some(({ isOpen }) => isOpen)).toBe(false), UNREAD);
    flooder.socket.resume();
    const close = { code: 4508, reason: 'Client reads too slowly' };
    await vi.waitFor(() => expect(flooder.close).toEqual(close), { interval: 50 });
  });
});

describe('a reader of a run that stops', () => {
  it('is closed with 4508 after its time, and costs little meanwhile', async () => {
    const piece = 'x'.repeat(10_000);
    const { agent, port, url } = await startServer({
      slowConsumerMs: 300,
      provider: createScriptedProvider(
        Array.from({ length: 1_000 }, () => piece),
        ['Hello'],
      ),
    });
    const reader = await RawClient.open(port);
    reader.socket.pause();
    reader.socket.write(frame(OPCODE.text, JSON.stringify({ type: 'streaming_query', query: 'Hi' })));
    let unsent = 0;
    const [connection] = agent.connections;
    await vi.waitFor(
      () => {
        unsent = Math.max(unsent, connection?.bufferedAmount ?? 0);
        expect(connection?.isOpen).toBe(false);
      },
      { interval: 5 },
    );
    expect(unsent).toBeLessThan(1_000_000);
    await vi.waitFor(() => expect(agent.connections.size).toBe(0));
    expect(agent.runs.size).toBe(0);
    const other = await TestClient.connect(url);
    expect(await other.ask({ type: 'agent_query', query: 'Hi' })).toMatchObject({ content: 'Hello' });
  });

  it('goes on where it was when it reads again', async () => {
    const pieces = Array.from({ length: 1_000 }, (_, i) => `${i}:${'x'.repeat(10_000)};`);
    const { url, agent } = await startServer({ provider: createScriptedProvider(pieces) });
    const client = await TestClient.connect(url);
    client.socket.pause();
    const answer = client.ask({ type: 'streaming_query', query: 'Hi' });
    const [connection] = agent.connections;
    await vi.waitFor(() => expect(connection?.isWritable).toBe(false));
    client.socket.resume();
    expect((await answer).type).toBe('stream_end');
    expect(
      client
        .all('stream_chunk')
        .map(({ content }) => content)
        .join(''),
    ).toBe(pieces.join(''));
    const seqs = client.messages.flatMap((message) =>
      'seq' in message && message.seq !== undefined ? [message.seq] : [],
    );
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
  });
});

describe('the limit of a message', () => {
  it('is what the operator says, and told to clients', async () => {
    const { url } = await startServer({ maxMessageBytes: 2_048 });
    const client = await TestClient.connect(url);
    expect(client.connected.limits.message_bytes).toBe(2_048);
    client.sendRaw(JSON.stringify({ type: 'ping' }).padEnd(2_048));
    await client.next('pong');
    client.sendRaw(JSON.stringify({ type: 'ping' }).padEnd(2_049));
    expect((await client.closed).code).toBe(1009);
  });

  it('holds for what compression hides', async () => {
    const { url } = await startServer({ perMessageDeflate: true });
    const client = await TestClient.connect(url);
    expect(client.socket.extensions).toContain('permessage-deflate');
    client.sendRaw(' '.repeat(50_000_000));
    expect((await client.closed).code).toBe(1009);
  });

  it('compresses nothing unless it is told to', async () => {
    const { url } = await startServer();
    expect((await TestClient.connect(url)).socket.extensions).toBe('');
  });
});
