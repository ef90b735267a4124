import http from 'node:http';
import { hostname, networkInterfaces } from 'node:os';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAgentSocketServer } from '../../src/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { RawClient } from '../helpers/raw-client.js';

/** A server at the address that the command takes by itself. */
async function start(allowedHosts?: readonly string[], trustedProxies?: readonly string[]): Promise<number> {
  const server = http.createServer();
  const provider = createScriptedProvider(['Hello']);
  const agent = createAgentSocketServer({ server, provider, allowedHosts, trustedProxies });
  server.on('request', agent.requestListener);
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  onTestFinished(async () => {
    await agent.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function handshake(port: number, host: string, more: Record<string, string> = {}): Promise<number> {
  const client = await RawClient.open(port, { headers: { Host: host, Origin: `http://${host}`, ...more } });
  return client.status();
}

function get(
  port: number,
  host: string,
  { address = '127.0.0.1', more = {} }: { address?: string | undefined; more?: Record<string, string> } = {},
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: address, port, path: '/ws/statistics', headers: { host, ...more } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
      .on('error', reject);
  });
}

describe('a page whose name was made to lead to this machine', () => {
  it.each(['evil.example:8003', 'evil.example.', '127.0.0.1.evil.example', 'localhost.evil.example'])(
    'is refused over loopback: %s',
    async (host) => {
      const port = await start();
      expect(await handshake(port, host)).toBe(403);
      expect(await get(port, host)).toBe(403);
    },
  );

  it.each(['127.0.0.1', 'localhost:1', 'app.localhost', '[::1]', '192.168.1.7', 'backend:80', hostname()])(
    'is not meant by names of this machine, addresses and names without a dot: %s',
    async (host) => {
      const port = await start();
      expect(await handshake(port, host)).toBe(101);
      expect(await get(port, host)).toBe(200);
    },
  );

  it.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Via'])(
    'is not meant by a proxy of this machine, which sends %s',
    async (header) => {
      expect(await handshake(await start(), 'app.example', { [header]: '192.0.2.1' })).toBe(101);
    },
  );

  // A page sets any of these but Via for a request to its own host.
  it.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded'])('is not taken for a proxy by %s', async (header) => {
    const port = await start();
    expect(await get(port, `evil.example:${port}`, { more: { [header]: '192.0.2.1' } })).toBe(403);
  });

  it('is not taken for a proxy by its address', async () => {
    const port = await start(undefined, ['127.0.0.1']);
    expect(await handshake(port, `evil.example:${port}`)).toBe(403);
    expect(await handshake(port, 'app.example')).toBe(101);
  });

  it('is served if its name is allowed', async () => {
    const port = await start(['app.example']);
    expect(await handshake(port, 'app.example')).toBe(101);
    expect(await get(port, 'other.example')).toBe(403);
  });

  const outer = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

  it.skipIf(outer === undefined)('may have any name that leads to another address', async () => {
    expect(await get(await start(), 'app.example', { address: outer })).toBe(200);
  });
});
