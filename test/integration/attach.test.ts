import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAgentSocketServer, type AgentSocketServer } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';

async function listen(server: http.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function attach(server: http.Server, text = 'Hello'): AgentSocketServer {
  const agent = createAgentSocketServer({ server, provider: createScriptedProvider([text]) });
  onTestFinished(() => agent.close());
  return agent;
}

async function answerOf(address: string): Promise<unknown> {
  const client = await TestClient.connect(`ws://${address}/ws/agent`);
  const answer = await client.ask({ type: 'agent_query', query: 'Hi' });
  await client.close();
  return answer.type === 'agent_response' ? answer.content : answer;
}

describe('attaching', () => {
  it('works before the server listens', async () => {
    const server = http.createServer();
    attach(server);
    expect(await answerOf(await listen(server))).toBe('Hello');
  });

  it('works while the server listens and serves', async () => {
    const server = http.createServer((_request, response) => response.end('mine'));
    const address = await listen(server);
    expect(await (await fetch(`http://${address}/`)).text()).toBe('mine');
    attach(server);
    expect(await answerOf(address)).toBe('Hello');
    expect(await (await fetch(`http://${address}/`)).text()).toBe('mine');
  });

  it('adds one listener and no other', () => {
    const server = http.createServer();
    const before = server.eventNames();
    attach(server);
    expect(server.eventNames().filter((name) => !before.includes(name))).toEqual(['upgrade']);
    expect(server.listenerCount('upgrade')).toBe(1);
  });

  it('works again after close, as often as one likes', async () => {
    const server = http.createServer();
    const address = await listen(server);
    for (const text of ['one', 'two', 'three']) {
      const agent = attach(server, text);
      expect(await answerOf(address)).toBe(text);
      await agent.close();
      expect(server.listenerCount('upgrade')).toBe(0);
    }
  });

  it('serves the HTTP routes as the listener of a server', async () => {
    const server = http.createServer();
    const agent = attach(server);
    server.on('request', agent.requestListener);
    const address = await listen(server);
    const client = await TestClient.connect(`ws://${address}/ws/agent`);
    const statistics = await fetch(`http://${address}/ws/statistics`);
    expect(await statistics.json()).toMatchObject({
      active_connections: 1,
      total_connections: 1,
      total_messages: 0,
      connections: [{ id: client.connected.connection_id, message_count: 0 }],
    });
    expect((await fetch(`http://${address}/ws/agent`)).status).toBe(426);
    expect((await fetch(`http://${address}/elsewhere`)).status).toBe(404);
  });

  it('serves the HTTP routes as middleware, and leaves the others', async () => {
    const server = http.createServer();
    const agent = attach(server);
    server.on('request', (request, response) => agent.middleware(request, response, () => response.end('mine')));
    const address = await listen(server);
    expect((await fetch(`http://${address}/healthz`)).status).toBe(200);
    expect(await (await fetch(`http://${address}/elsewhere`)).text()).toBe('mine');
  });

  it('takes the path it is told', async () => {
    const server = http.createServer();
    const agent = createAgentSocketServer({
      server,
      path: '/%E8%81%8A%E5%A4%A9',
      provider: createScriptedProvider(['Hello']),
    });
    onTestFinished(() => agent.close());
    const client = await TestClient.connect(`ws://${await listen(server)}/聊天`);
    expect(client.connected.type).toBe('connected');
  });
});
