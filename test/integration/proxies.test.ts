import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { missing, startProxy, type ProxyName } from '../helpers/proxies.js';
import { startServer } from '../helpers/server.js';

/** The options that the documents show. */
const OPTIONS = { trustedProxies: ['127.0.0.1'], allowedHosts: ['chat.example', '127.0.0.1'] };

const TLS = { rejectUnauthorized: false, servername: 'chat.example' };

function dial(port: number, origin = 'https://chat.example', headers: Record<string, string> = {}): WebSocket {
  const options = { ...TLS, headers: { Host: 'chat.example', Origin: origin, ...headers } };
  const socket = new WebSocket(`wss://127.0.0.1:${port}/ws/agent`, 'agent-ws.v1', options);
  onTestFinished(() => socket.terminate());
  return socket;
}

/** The status of a request for a path of ours. */
async function statusOf(port: number, path: string): Promise<number | undefined> {
  const request = https.get({ ...TLS, host: '127.0.0.1', port, path, headers: { Host: 'chat.example' }, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe.each<ProxyName>(['nginx', 'haproxy', 'caddy'])('behind %s as the documents configure it', (name) => {
  it.skipIf(missing(name) !== '')(
    `serves its pages and the clients that they let in, and knows their addresses${missing(name)}`,
    async () => {
      const { agent, port: upstream } = await startServer(OPTIONS);
      const port = await startProxy(name, upstream);
      // HAProxy asks first whether a server is ready.
      await vi.waitFor(async () => expect(await statusOf(port, '/readyz')).toBe(200));
      expect(await statusOf(port, '/static/test_websocket.html')).not.toBe(403);
      const socket = dial(port, 'https://chat.example', { 'X-Forwarded-For': '198.51.100.7' });
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(JSON.parse(data.toString())).toMatchObject({ type: 'connected' });
      // This client is at the address of a trusted proxy, so that what it says counts as well; Caddy drops it.
      const known = name === 'caddy' ? '127.0.0.1' : '198.51.100.7';
      expect([...agent.connections][0]?.remoteAddress).toBe(known);
      const foreign = dial(port, 'https://evil.example');
      const refused = once(foreign, 'unexpected-response');
      foreign.on('error', () => undefined);
      const [, response] = (await refused) as [unknown, IncomingMessage];
      expect(response.statusCode).toBe(403);
    },
  );
});

describe('draining behind HAProxy with least connections', () => {
  it.skipIf(missing('haproxy') !== '').each(['an embedder still listens', 'the command has stopped listening'])(
    `sends none of 60 new clients to the process that ends, where %s${missing('haproxy')}`,
    async (how) => {
      let finish: () => void = () => undefined;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const ending = await startServer({ ...OPTIONS, provider: createScriptedProvider(['a', finished]) });
      const staying = await startServer(OPTIONS);
      const checks = vi.fn();
      staying.http.on('request', checks);
      const port = await startProxy('haproxy', ending.port, staying.port);
      // A server that does not answer the first check in time is down until it has answered two.
      await vi.waitFor(() => expect(checks.mock.calls.length).toBeGreaterThan(3));
      await vi.waitFor(async () => expect(await statusOf(port, '/readyz')).toBe(200));
      const client = await TestClient.connect(ending.url, { headers: { Host: '127.0.0.1' }, timeoutMs: 40_000 });
      const answer = client.ask({ type: 'streaming_query', query: 'Hi' });
      await client.next('stream_chunk');
      // The one that stays has more, so that the other one is asked first.
      const before = Array.from({ length: 6 }, () => dial(port));
      await Promise.all(before.map((socket) => once(socket, 'message')));

      if (how === 'the command has stopped listening') ending.http.close();
      const closed = ending.agent.close({ drainMs: 30_000, closeCode: 'draining' });
      const there = ending.agent.connections.size;
      const late = Array.from({ length: 60 }, () => dial(port));
      const lost = vi.fn();
      for (const socket of late) socket.on('close', lost).on('error', lost);
      await Promise.all(late.map((socket) => once(socket, 'message')));
      expect(ending.agent.connections.size).toBe(there);
      expect(staying.agent.connections.size).toBeGreaterThanOrEqual(60);
      finish();
      expect((await answer).type).toBe('stream_end');
      await closed;
      expect(lost).not.toHaveBeenCalled();
    },
  );
});
