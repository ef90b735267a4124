import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentSocketServer, type AgentSocketServerOptions } from '../../src/index.js';
import { SUBPROTOCOL } from '../../src/protocol/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { makeCertificate } from '../helpers/tls/make-certificate.js';

const { cert, key } = makeCertificate();

async function start(options: Partial<AgentSocketServerOptions> = {}) {
  const server = https.createServer({ key, cert });
  const provider = createScriptedProvider(['Hello over TLS', 'x'.repeat(2_000_000)]);
  const agent = createAgentSocketServer({ provider, ...options, server });
  server.on('request', agent.requestListener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    await agent.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { agent, port };
}

/** A client that trusts the certificate and nothing else. */
function connect(port: number, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/ws/agent`, [SUBPROTOCOL], { ca: cert, headers });
  onTestFinished(() => socket.terminate());
  const messages: Record<string, unknown>[] = [];
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Record<string, unknown>));
  return { socket, messages };
}

describe('over TLS', () => {
  it('a request that offers another protocol is answered as usual', async () => {
    const { port } = await start();
    const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': '' };
    const status = await new Promise((resolve, reject) => {
      https
        .get({ host: '127.0.0.1', port, path: '/healthz', ca: cert, agent: false, headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .on('error', reject);
    });
    expect(status).toBe(200);
  });

  it('a query streams from end to end', async () => {
    const { agent, port } = await start();
    const { socket, messages } = connect(port);
    await vi.waitFor(() => expect(messages[0]?.['type']).toBe('connected'));
    socket.send(JSON.stringify({ type: 'streaming_query', query: 'Hi' }));
    await vi.waitFor(() => expect(messages.at(-1)?.['type']).toBe('stream_end'));
    const text = messages.filter(({ type }) => type === 'stream_chunk').map((chunk) => String(chunk['content']));
    expect(text.join('')).toBe(`Hello over TLS${'x'.repeat(2_000_000)}`);
    expect([...agent.connections][0]?.remoteAddress).toBe('127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await agent.close({ closeCode: 'draining' });
    expect(await closed).toBe(1012);
  });

  it('bytes count, so that the heartbeat sees who lives', async () => {
    const { agent, port } = await start({ heartbeatIntervalMs: 50 });
    const { socket } = connect(port);
    let pings = 0;
    socket.on('ping', () => pings++);
    await vi.waitFor(() => expect(pings).toBeGreaterThan(10));
    const [connection] = agent.connections;
    expect(connection?.isOpen).toBe(true);
    const before = connection?.bytesReceived ?? 0;
    expect(before).toBeGreaterThan(0);
    await vi.waitFor(() => expect(connection?.bytesReceived).toBeGreaterThan(before));
  });

  it('a page of the same host connects by https and not by http', async () => {
    const { agent, port } = await start({ allowedHosts: ['app.example', '127.0.0.1'] });
    const host = `app.example:${port}`;
    const plain = connect(port, { Host: host, Origin: `http://${host}` });
    const refused = new Promise((resolve) =>
      plain.socket.once('unexpected-response', (_request, r) => resolve(r.statusCode)),
    );
    expect(await refused).toBe(403);
    connect(port, { Host: host, Origin: `https://${host}` });
    await vi.waitFor(() => expect(agent.connections.size).toBe(1));
  });

  it('statistics are served', async () => {
    const { port } = await start();
    const status = await new Promise((resolve) =>
      https.get({ host: '127.0.0.1', port, path: '/ws/statistics', ca: cert }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }),
    );
    expect(status).toBe(200);
  });
});
