import { describe, expect, it } from 'vitest';
import { TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';

describe('TestClient', () => {
  it('says that a client was not refused, and leaves no connection behind', async () => {
    const { agent, url } = await startServer();
    await expect(TestClient.refused(url, { timeoutMs: 50 })).rejects.toThrow('Not refused within 50 ms');
    await expect.poll(() => agent.connections.size).toBe(0);
  });

  it('says how the connection ended where it waits for what cannot come, at once', async () => {
    const { url } = await startServer({ authenticate: () => null });
    // Longer than the test: only the end can be the reason.
    await expect(TestClient.connect(url, { timeoutMs: 60_000 })).rejects.toThrow(/No connected before the end: 4401/);
    const server = await startServer();
    const client = await TestClient.connect(server.url, { timeoutMs: 60_000 });
    const pong = client.next('pong');
    await client.close(1000);
    await expect(pong).rejects.toThrow('No pong before the end: 1000; the last messages were: connected');
    await expect(client.next('pong')).rejects.toThrow('No pong before the end: 1000');
  });

  it('says what came where nothing else did in time', async () => {
    const { url } = await startServer();
    const client = await TestClient.connect(url, { timeoutMs: 300 });
    await expect(client.next('pong')).rejects.toThrow('No pong within 300 ms; the last messages were: connected');
    client.send({ type: 'ping' });
    expect((await client.next('pong')).type).toBe('pong');
  });
});
