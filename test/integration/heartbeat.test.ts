import { describe, expect, it, vi } from 'vitest';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { clientProcess } from '../helpers/client-process.js';
import { frame, OPCODE, RawClient } from '../helpers/raw-client.js';
import { startServer, type TestServer } from '../helpers/server.js';

/** Milliseconds until the next connection goes. */
function nextDisconnect({ agent }: TestServer): Promise<number> {
  const from = performance.now();
  return new Promise((resolve) => agent.connections.once('disconnect', () => resolve(performance.now() - from)));
}

/** Resolves after the heartbeat has had `ms` milliseconds of work. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('the heartbeat', () => {
  it('removes a peer that never answers, in time, and frees its slot', async () => {
    const server = await startServer({ heartbeatIntervalMs: 400, maxConnections: 1 });
    const gone = nextDisconnect(server);
    const client = await RawClient.open(server.port);
    expect(server.agent.connections.isFull).toBe(true);
    // Nobody is removed before it could answer.
    expect(await gone).toBeGreaterThan(400);
    await client.closed;
    // Nor is anybody asked twice.
    expect(client.frames.filter(({ opcode }) => opcode === OPCODE.ping)).toHaveLength(1);
    expect(server.agent.connections.isFull).toBe(false);
    await TestClient.connect(server.url);
  });

  it('removes a client whose process is stopped', async () => {
    const server = await startServer({ heartbeatIntervalMs: 300 });
    const { child } = await clientProcess(server.url);
    const gone = nextDisconnect(server);
    child.kill('SIGSTOP');
    // With the interval that is the default it would take 40 s.
    expect(await gone).toBeLessThan(20_000);
    expect(server.agent.connections.size).toBe(0);
    child.kill('SIGCONT');
  });

  it('cancels the runs of a dead peer', async () => {
    const { agent, port } = await startServer({
      heartbeatIntervalMs: 100,
      provider: createScriptedProvider([new Promise(() => undefined)]),
    });
    const client = await RawClient.open(port);
    client.socket.write(frame(OPCODE.text, JSON.stringify({ type: 'streaming_query', query: 'Hi' })));
    await vi.waitFor(() => expect(agent.runs.size).toBe(1));
    await vi.waitFor(() => expect(agent.connections.size).toBe(0));
    await vi.waitFor(() => expect(agent.runs.size).toBe(0));
  });

  it('leaves an idle client that answers alone', async () => {
    const { agent, url } = await startServer({ heartbeatIntervalMs: 50 });
    const client = await TestClient.connect(url);
    let pings = 0;
    client.socket.on('ping', () => pings++);
    await vi.waitFor(() => expect(pings).toBeGreaterThanOrEqual(20));
    expect(agent.connections.size).toBe(1);
    client.send({ type: 'ping' });
    await client.next('pong');
  });

  it('pings nobody who talks', async () => {
    const { url } = await startServer({ heartbeatIntervalMs: 1_000 });
    const client = await TestClient.connect(url);
    let pings = 0;
    client.socket.on('ping', () => pings++);
    const until = performance.now() + 2_000;
    while (performance.now() < until) {
      const { length } = client.messages;
      client.send({ type: 'ping' });
      await client.next('pong', undefined, length);
      await pass(20);
    }
    expect(pings).toBe(0);
  });

  it('kills nobody when our own event loop stood still', async () => {
    const server = await startServer({ heartbeatIntervalMs: 400 });
    const { codes } = await clientProcess(server.url, 20);
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(20));
    const killed = vi.fn();
    server.agent.connections.on('disconnect', killed);
    for (let round = 0; round < 4; round++) {
      // Longer than interval and timeout together, at different points of the sweep.
      const until = performance.now() + 1_000;
      while (performance.now() < until);
      await pass(60 + 90 * round);
    }
    await pass(500);
    expect(killed).not.toHaveBeenCalled();
    expect(codes).toEqual([]);
    expect(server.agent.connections.size).toBe(20);
  });

  it('takes a slow upload for life', async () => {
    const { agent, port } = await startServer({ heartbeatIntervalMs: 100 });
    const client = await RawClient.open(port);
    const upload = frame(OPCODE.text, JSON.stringify({ type: 'ping' }).padEnd(40));
    // One byte at a time for far longer than it may be silent; it answers no ping meanwhile.
    for (const byte of upload) {
      client.socket.write(Buffer.from([byte]));
      await pass(20);
    }
    await vi.waitFor(() => expect(client.messages.at(-1)?.['type']).toBe('pong'));
    expect(agent.connections.size).toBe(1);
  });
});
