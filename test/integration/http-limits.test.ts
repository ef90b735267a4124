import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Certificate } from '../../src/cli/certificate.js';
import { healthServer } from '../../src/cli/health.js';
import { createHttpServer } from '../../src/cli/http-server.js';
import { metricsServer } from '../../src/cli/metrics.js';
import { resolveSettings } from '../../src/cli/settings.js';
import { TestClient } from '../../src/testing/index.js';
import { boundHttpSockets } from '../../src/transport/http-sockets.js';
import { startServer } from '../helpers/server.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { makeCertificate } from '../helpers/tls/make-certificate.js';

async function dial(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '0.0.0.0');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
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

describe('the server of the command', () => {
  /** How many times shorter the limits of time are here. */
  const SHORTER = 100;
  const resolve = (environment: Record<string, string>) => resolveSettings({ flags: {}, environment, dotEnv: {} });

  /** Sends text at once, then `x` after `x` if there is more to come. */
  function send(socket: Socket, text: string, more: boolean): void {
    socket.write(text);
    if (!more) return;
    const timer = setInterval(() => socket.write('x'), 2);
    socket.once('close', () => clearInterval(timer));
  }

  it.each([
    ['sends nothing', 'headersTimeout', '', false],
    ['sends half a head and then nothing', 'headersTimeout', 'GET / HTTP/1.1\r\nHo', false],
    ['sends a head byte by byte', 'headersTimeout', 'GET / HTTP/1.1\r\nHo', true],
    [
      'sends a body byte by byte',
      'requestTimeout',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n',
      true,
    ],
    ['is idle in the middle of a head', 'timeout', 'GET / HTTP/1.1\r\nHo', false],
  ] as const)('ends a client that %s, by its %s', async (_, limit, text, more) => {
    const server = createHttpServer(resolve({}).settings);
    server.on('request', (asked, response) => void asked.resume().once('end', () => response.end('served')));
    // Only the limit that is tested can end the socket.
    for (const name of ['headersTimeout', 'requestTimeout', 'timeout'] as const)
      server[name] = name === limit ? server[name] / SHORTER : 0;
    const { connectionsCheckingInterval: intervalMs } = server as { connectionsCheckingInterval?: number };
    Object.assign(server, { connectionsCheckingInterval: Number(intervalMs) / SHORTER });
    const port = await listen(server);
    const slow = await dial(port);
    let told = '';
    slow.on('data', (data: Buffer) => (told += data.toString()));
    const closed = once(slow, 'close');
    send(slow, text, more);
    const other = await dial(port);
    other.write(request('/'));
    expect(String(await once(other, 'data'))).toMatch(/^HTTP\/1\.1 200/);
    await closed;
    expect(told.slice(0, 12)).toBe(limit === 'timeout' ? '' : 'HTTP/1.1 408');
  });

  describe('with TLS', () => {
    const pair = makeCertificate();

    function create(environment: Record<string, string> = {}, handshakesShorter = 1) {
      const directory = temporaryDirectory();
      const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
      writeFileSync(cert, pair.cert);
      writeFileSync(key, pair.key);
      const { settings, keyOf } = resolve(environment);
      const certificate = Certificate.open({ ...settings, tlsCert: cert, tlsKey: key }, keyOf) as Certificate;
      const createServer = certificate.createServer.bind(certificate);
      vi.spyOn(certificate, 'createServer').mockImplementation(({ handshakeTimeout, ...options }) =>
        createServer({ ...options, handshakeTimeout: Number(handshakeTimeout) / handshakesShorter }),
      );
      const server = createHttpServer(settings, certificate);
      server.on('request', (_, response) => response.end('served'));
      return server;
    }

    async function ask(port: number, localAddress: string): Promise<string> {
      const socket = connectTls({ socket: await dial(port, localAddress), rejectUnauthorized: false });
      socket.write(request('/'));
      return String(await once(socket, 'data'));
    }

    it('ends a connection that never begins its handshake', async () => {
      const port = await listen(create({}, SHORTER));
      await once(await dial(port), 'close');
    });

    it('answers though one address has begun no handshake on more sockets than there are places', async () => {
      const port = await listen(create({ WS_MAX_CONNECTIONS: '10' }));
      for (let i = 0; i < 300; i++) await dial(port);
      expect(await ask(port, '127.0.0.2')).toMatch(/^HTTP\/1\.1 200/);
    });
  });
});
