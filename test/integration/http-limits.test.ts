import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { healthServer } from '../../src/cli/health.js';
import { metricsServer } from '../../src/cli/metrics.js';
import { TestClient } from '../../src/testing/index.js';
import { boundHttpSockets } from '../../src/transport/http-sockets.js';
import { startServer } from '../helpers/server.js';

async function dial(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const request = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

describe('requests that a client sends ahead', () => {
  it('are answered in order', async () => {
    const { port } = await startServer();
    const socket = await dial(port);
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.write(['/healthz', '/docs/openapi.json', '/nowhere', '/healthz'].map(request).join('').repeat(10));
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
    await vi.waitFor(() => expect(statuses()).toEqual(Array(10).fill(['200', '200', '404', '200']).flat()));
  });

  it('cost the socket if they are too many', async () => {
    const { port, http } = await startServer();
    const socket = await dial(port);
    socket.pause();
    const taken = vi.fn();
    http.on('request', taken);
    socket.write(request('/docs/asyncapi.json').repeat(1_000));
    await vi.waitFor(() => expect(taken).toHaveBeenCalled());
    socket.resume();
    await once(socket, 'close');
  });
});

describe('sockets that neither ask nor leave', () => {
  it('give way to newcomers, those of the address with the most first, and WebSockets stay', async () => {
    const { port, http, url } = await startServer();
    boundHttpSockets(http, 5);
    const clients = await Promise.all([1, 2, 3].map(() => TestClient.connect(url)));
    const other = await dial(port, '127.0.0.2');
    const sockets: Socket[] = [];
    for (let i = 0; i < 10; i++) sockets.push(await dial(port));
    await vi.waitFor(() => expect(sockets.filter(({ closed }) => closed)).toHaveLength(6));
    expect(sockets.slice(0, 6).every(({ closed }) => closed)).toBe(true);
    let text = '';
    other.on('data', (data: Buffer) => (text += data.toString()));
    other.write(request('/healthz'));
    await vi.waitFor(() => expect(text).toMatch(/^HTTP\/1\.1 200/));
    for (const client of clients) {
      client.send({ type: 'ping' });
      await client.next('pong');
    }
  });
});

describe('a server for probes and scrapers', () => {
  async function listen(server: Server): Promise<number> {
    server.listen(0, '0.0.0.0');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const metrics = () => Promise.resolve('# metrics'.padEnd(100_000));
  const kinds: [name: string, target: string, make: (answered: () => void) => Server][] = [
    [
      'of metrics',
      '/metrics',
      (answered) => metricsServer({ contentType: 'text/plain', metrics: () => (answered(), metrics()) }),
    ],
    [
      'of a worker',
      '/healthz',
      (answered) => healthServer((_, response) => (answered(), response.end('x'.repeat(100_000)))),
    ],
  ];

  it.each(kinds)('%s answers though one address holds every place', async (_, target, make) => {
    const port = await listen(make(() => undefined));
    for (let i = 0; i < 70; i++) await dial(port);
    const other = await dial(port, '127.0.0.2');
    let text = '';
    other.on('data', (data: Buffer) => (text += data.toString()));
    other.write(request(target));
    await vi.waitFor(() => expect(text).toMatch(/^HTTP\/1\.1 200/));
  });

  it.each(kinds)('%s makes no answer before the earlier ones are read', async (_, target, make) => {
    const answered = vi.fn();
    const port = await listen(make(answered));
    const socket = await dial(port);
    socket.pause();
    socket.write(request(target).repeat(1_000));
    await vi.waitFor(() => expect(answered).toHaveBeenCalled());
    socket.resume();
    await once(socket, 'close');
    expect(answered.mock.calls.length).toBeLessThan(1_000);
  });

  it('serves no foreign name over loopback, at whatever address it listens', async () => {
    const socket = await dial(await listen(metricsServer({ contentType: 'text/plain', metrics })));
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.write('GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    await vi.waitFor(() => expect(text).toMatch(/^HTTP\/1\.1 403/));
  });
});
