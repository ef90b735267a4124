import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startServer } from '../helpers/server.js';

interface Client {
  readonly socket: WebSocket;
  closedWith: number | undefined;
  isGreeted: boolean;
}

async function connect(url: string, localAddress: string): Promise<Client> {
  const socket = new WebSocket(url, { localAddress });
  const client: Client = { socket, closedWith: undefined, isGreeted: false };
  socket.on('error', () => undefined);
  socket.on('message', () => (client.isGreeted = true));
  socket.on('close', (code) => (client.closedWith = code));
  onTestFinished(() => socket.terminate());
  await Promise.race([once(socket, 'message'), once(socket, 'close')]);
  return client;
}

describe('the places of a server', () => {
  it('are all for one address if nobody else comes, and exactly as many as there are', async () => {
    const { agent, url } = await startServer({ maxConnections: 100, authenticate: () => Promise.resolve({ id: 'a' }) });
    const clients = await Promise.all(Array.from({ length: 500 }, () => connect(url, '127.0.0.1')));
    expect(clients.filter(({ isGreeted }) => isGreeted)).toHaveLength(100);
    expect(agent.connections.size).toBe(100);
  });

  it('are shared in equal parts by addresses that compete', async () => {
    const { agent, url } = await startServer({ maxConnections: 10 });
    const crowd: Client[] = [];
    for (let i = 0; i < 10; i++) crowd.push(await connect(url, '127.0.0.2'));
    const others: Client[] = [];
    for (let i = 0; i < 8; i++) others.push(await connect(url, '127.0.0.3'));
    expect(others.filter(({ isGreeted }) => isGreeted)).toHaveLength(5);
    await vi.waitFor(() => expect(crowd.filter(({ closedWith }) => closedWith === 1013)).toHaveLength(5));
    await vi.waitFor(() => expect(agent.connections.size).toBe(10));
    // Back again, those that lost their places find none.
    expect((await connect(url, '127.0.0.2')).closedWith).toBe(1013);
  });

  it('are taken from nobody for a client that is refused', async () => {
    const { agent, url } = await startServer({
      maxConnections: 4,
      authenticate: ({ socket }) => Promise.resolve(socket.remoteAddress === '127.0.0.2' ? { id: 'a' } : null),
    });
    for (let i = 0; i < 4; i++) await connect(url, '127.0.0.2');
    expect((await connect(url, '127.0.0.3')).closedWith).toBe(4401);
    expect([...agent.connections].filter(({ isOpen }) => isOpen)).toHaveLength(4);
  });
});
