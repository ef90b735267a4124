import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAgentSocketServer } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { RawClient } from '../helpers/raw-client.js';

/** What HTTP clients that would rather speak HTTP/2 send with every request (RFC 7540, 3.2). */
const OFFER = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n';

/** An application that says what it was asked, with the service attached to its server. */
async function startApplication(paths = ['/ws/agent']) {
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, kept: headers['x-kept'], body }));
    });
  });
  const agents = paths.map((path) =>
    createAgentSocketServer({ server, path, provider: createScriptedProvider(['Hello']) }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { server, agents, port: (server.address() as AddressInfo).port };
}

/** Asks over one connection, each request when the one before is answered; one may come in several packets. */
async function ask(port: number, requests: readonly (string | string[])[]): Promise<unknown[]> {
  const client = new RawClient(port);
  let text = '';
  client.socket.on('data', (data: Buffer) => (text += data.toString()));
  const answers = () => [...text.matchAll(/^\{.*?\}/gm)].map(([json]) => JSON.parse(json) as unknown);
  for (const [index, packets] of requests.entries()) {
    for (const packet of [packets].flat()) {
      client.socket.write(packet);
      await new Promise(setImmediate);
    }
    await vi.waitFor(() => expect(answers()).toHaveLength(index + 1));
  }
  client.socket.destroy();
  return answers();
}

const head = (line: string, more = '') => `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Kept: é 1\r\n${OFFER}${more}\r\n`;
const KEPT = Buffer.from('é 1').toString('latin1');

describe('a request that offers another protocol', () => {
  it('is answered in turn when many arrive in one packet', async () => {
    const { port } = await startApplication();
    const urls = Array.from({ length: 20 }, (_, i) => `/${i}`);
    const client = new RawClient(port);
    let text = '';
    client.socket.on('data', (data: Buffer) => (text += data.toString()));
    client.socket.write(urls.map((url) => head(`GET ${url}`)).join(''));
    const answered = () => [...text.matchAll(/^\{.*?\}/gm)].map(([json]) => (JSON.parse(json) as { url: string }).url);
    await vi.waitFor(() => expect(answered()).toEqual(urls));
  });

  it.each([[['/ws/agent']], [['/one', '/two']]])('goes on to the application, beside %s', async (paths) => {
    const { port } = await startApplication(paths);
    const told = await ask(port, [
      head('GET /api?x=1'),
      head('POST /api', 'Content-Length: 5\r\n') + 'hello',
      head('PUT /api', 'Transfer-Encoding: chunked\r\n') + '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
      head('GET /last'),
    ]);
    expect(told).toEqual([
      { method: 'GET', url: '/api?x=1', kept: KEPT, body: '' },
      { method: 'POST', url: '/api', kept: KEPT, body: 'hello' },
      { method: 'PUT', url: '/api', kept: KEPT, body: 'abcde' },
      { method: 'GET', url: '/last', kept: KEPT, body: '' },
    ]);
  });

  it('may bring its body later', async () => {
    const { port } = await startApplication();
    const body = 'x'.repeat(100_000);
    const first = head('POST /a', `Content-Length: ${body.length}\r\n`);
    const told = await ask(port, [[first, body.slice(0, 60_000), body.slice(60_000)], head('GET /b')]);
    expect(told).toMatchObject([{ url: '/a', body }, { url: '/b' }]);
  });

  it('is no handshake on the path of the service either', async () => {
    const { port, agents } = await startApplication();
    const [told] = await ask(port, [head('GET /ws/agent')]);
    expect(told).toMatchObject({ method: 'GET', url: '/ws/agent' });
    expect(agents[0]?.connections.size).toBe(0);
    const client = await TestClient.connect(`ws://127.0.0.1:${port}/ws/agent`);
    expect((await client.ask({ type: 'streaming_query', query: 'Hi' })).type).toBe('stream_end');
  });

  it('is left to an upgrade listener of somebody else', async () => {
    const { port, server } = await startApplication();
    const taken: (string | undefined)[] = [];
    server.on('upgrade', (request, socket) => {
      taken.push(request.url);
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n');
    });
    const client = await RawClient.open(port, { path: '/own', headers: { Upgrade: 'own' } });
    expect(await client.status()).toBe(101);
    expect(taken).toEqual(['/own']);
  });

  it('is judged as before when the services have closed, in any order', async () => {
    const { server, agents } = await startApplication(['/one', '/two']);
    const found = (http.createServer() as { shouldUpgradeCallback?: () => boolean }).shouldUpgradeCallback;
    const judge = () => String((server as { shouldUpgradeCallback?: () => boolean }).shouldUpgradeCallback);
    if (found !== undefined) expect(judge()).not.toBe(String(found));
    await agents[0]?.close();
    if (found !== undefined) expect(judge()).not.toBe(String(found));
    await agents[1]?.close();
    expect(judge()).toBe(String(found));
  });

  it('is no connection any more if its client leaves before the answer to an earlier request', async () => {
    const { server, port } = await startApplication();
    server.removeAllListeners('request');
    const earlier = new Promise<http.ServerResponse>((resolve) =>
      server.once('request', (_request, response) => resolve(response)),
    );
    const seen: boolean[] = [];
    server.on('connection', ({ destroyed }) => void seen.push(destroyed));
    const client = new RawClient(port);
    client.socket.write(`GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${head('GET /later')}`);
    const over = once(await earlier, 'close');
    client.socket.resetAndDestroy();
    await over;
    await new Promise(setImmediate);
    expect(seen).toEqual([false]);
  });

  it('leaves a socket that ends as others do', async () => {
    const { port, server } = await startApplication();
    const client = new RawClient(port);
    client.socket.write(head('GET /api'));
    await once(client.socket, 'data');
    client.socket.resetAndDestroy();
    await vi.waitFor(async () => {
      const open = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
      expect(open).toBe(0);
    });
  });
});
