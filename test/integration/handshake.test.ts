import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { AgentSocketError, createAgentSocketServer, type Principal } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { frame, handshake, OPCODE, RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

const never = (): Promise<null> => new Promise(() => undefined);

/** A bare `http.Server` that ends with the test. */
async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('the subprotocol', () => {
  it.each([
    ['agent-ws.v1', 'agent-ws.v1', true],
    ['token.abc123, agent-ws.v1', 'agent-ws.v1', true],
    ['agent-ws.v1, graphql-ws', 'agent-ws.v1', true],
    ['token.abc123', undefined, false],
    ['agent-ws.v2, AGENT-WS.V1', undefined, false],
    [undefined, undefined, false],
  ])('offered %s answers %s', async (offered, answered, negotiated) => {
    const { agent, port } = await startServer();
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Protocol': offered } });
    const head = await client.headers();
    expect(/^sec-websocket-protocol: (.*)$/im.exec(head)?.[1]).toBe(answered);
    expect(head).not.toContain('abc123');
    expect([...agent.connections][0]?.negotiated).toBe(negotiated);
  });
});

describe('paths', () => {
  it('answers 404 to upgrades nobody takes', async () => {
    const { port, agent } = await startServer();
    for (const path of ['/', '/ws', '/ws/agent/', '/ws/agentx', '/ws//agent', '/WS/AGENT', '/ws/%61gent']) {
      const client = await RawClient.open(port, { path });
      expect(await client.status(), path).toBe(404);
      await client.closed;
    }
    expect(agent.connections.size).toBe(0);
  });

  it('takes its path with a query', async () => {
    const { url } = await startServer();
    const client = await TestClient.connect(`${url}?token=1`);
    expect((await client.ask({ type: 'streaming_query', query: 'Hi' })).type).toBe('stream_end');
    await client.close();
  });

  it.each(['before', 'after'])('leaves other paths to a ws server attached %s it', async (when) => {
    const server = http.createServer();
    const other = new WebSocketServer({ noServer: true });
    other.on('connection', (ws) => ws.on('message', (data: Buffer) => ws.send(`echo ${data.toString()}`)));
    const attachOther = () =>
      server.on('upgrade', (request, socket, head) => {
        if (request.url === '/echo') other.handleUpgrade(request, socket, head, (ws) => other.emit('connection', ws));
      });
    if (when === 'before') attachOther();
    const agent = createAgentSocketServer({ server, provider: createScriptedProvider(['Hello']) });
    if (when === 'after') attachOther();
    const port = await listen(server);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
    await once(socket, 'open');
    socket.send('1');
    expect(String((await once(socket, 'message'))[0])).toBe('echo 1');
    socket.close();
    const client = await TestClient.connect(`ws://127.0.0.1:${port}/ws/agent`);
    expect(agent.connections.size).toBe(1);
    // Nobody takes this one, and it is not ours to answer: somebody else listens.
    const stranger = new RawClient(port);
    stranger.socket.write(handshake(port, { path: '/nobody' }));
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(stranger.socket.bytesRead).toBe(0);
    expect(stranger.socket.closed).toBe(false);
    await client.close();
    await agent.close();
  });

  it('keeps two services on one server apart, and answers 404 once for all others', async () => {
    const server = http.createServer();
    const one = createAgentSocketServer({ server, path: '/one', provider: createScriptedProvider(['1']) });
    const two = createAgentSocketServer({ server, path: '/two', provider: createScriptedProvider(['2']) });
    const port = await listen(server);
    const first = await TestClient.connect(`ws://127.0.0.1:${port}/one`);
    const second = await TestClient.connect(`ws://127.0.0.1:${port}/two`);
    expect(await first.ask({ type: 'agent_query', query: '?' })).toMatchObject({ content: '1' });
    expect(await second.ask({ type: 'agent_query', query: '?' })).toMatchObject({ content: '2' });
    expect([one.connections.size, two.connections.size]).toEqual([1, 1]);
    const stranger = await RawClient.open(port, { path: '/three' });
    await stranger.closed;
    expect(await stranger.status()).toBe(404);
    expect(stranger.socket.bytesRead).toBe((await stranger.headers()).length + '\r\n\r\nNot Found'.length);
    await one.close();
    // The other one goes on, and answers for both.
    second.send({ type: 'ping' });
    await second.next('pong');
    expect(await (await RawClient.open(port, { path: '/one' })).status()).toBe(404);
    await two.close();
  });

  it('refuses a second service on the same path of one server', async () => {
    const { http: server, agent, url } = await startServer();
    const again = () => createAgentSocketServer({ server, provider: createScriptedProvider(['Hello']) });
    expect(again).toThrow(/"path".*"\/ws\/agent"/);
    expect((await TestClient.connect(url)).connected.type).toBe('connected');
    expect(agent.connections.size).toBe(1);
  });
});

describe('handshakes that are none', () => {
  it.each([
    ['without a key', { headers: { 'Sec-WebSocket-Key': undefined } }, 400],
    ['with a broken key', { headers: { 'Sec-WebSocket-Key': 'short' } }, 400],
    ['of another version', { headers: { 'Sec-WebSocket-Version': '7' } }, 400],
    ['by POST', { method: 'POST' }, 405],
    ['to something else', { headers: { Upgrade: 'h2c', Connection: 'Upgrade, close' } }, 426],
    ['with a broken subprotocol', { headers: { 'Sec-WebSocket-Protocol': 'a,,b' } }, 400],
  ])('answers a request %s with HTTP and frees its slot', async (_name, options, status) => {
    const { agent, port, url } = await startServer({ maxConnections: 1 });
    const client = await RawClient.open(port, options);
    expect(await client.status()).toBe(status);
    await client.closed;
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(false));
    await TestClient.connect(url);
  });

  it('frees the slot also where authentication took its time', async () => {
    const { agent, port } = await startServer({
      maxConnections: 1,
      authenticate: () => Promise.resolve({ id: 'anna' }),
    });
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Key': undefined } });
    expect(await client.status()).toBe(400);
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(false));
  });
});

describe('authenticate', () => {
  interface User extends Principal {
    readonly name: string;
  }
  const untouchable = Object.defineProperty({} as Principal, 'id', { get: () => raise(new Error('secret')) });
  const anna: User = { id: 'u1', name: 'Anna' };
  const thenable = { then: (resolve: (user: User) => void) => resolve(anna) } as unknown as Promise<User>;

  it.each([
    ['returns', () => anna],
    ['resolves to', () => Promise.resolve(anna)],
    ['gives a thenable of', () => thenable],
  ])('accepts whom it %s, with typed metadata', async (_name, authenticate) => {
    const { agent, url } = await startServer<User, { tenant: string }>({
      authenticate,
      metadata: (request, principal) => ({ tenant: `${String(request.headers['x-tenant'])} of ${principal.name}` }),
    });
    const client = await TestClient.connect(url, { headers: { 'X-Tenant': 'acme', 'User-Agent': 'test/1' } });
    expect(client.connected.principal_id).toBe('u1');
    const connection = agent.connections.get(client.connected.connection_id);
    expect(connection?.principal.name).toBe('Anna');
    expect(connection?.metadata.tenant).toBe('acme of Anna');
    expect(connection).toMatchObject({ userAgent: 'test/1', remoteAddress: '127.0.0.1', negotiated: true });
  });

  it.each([
    ['null', () => null, 4401],
    ['null, later', () => Promise.resolve(null), 4401],
    // Callers without a compiler forget the return.
    ['undefined', () => undefined as unknown as null, 4401],
    ['undefined, later', () => Promise.resolve(undefined as unknown as null), 4401],
    ['what throws', () => raise(new Error('secret database text')), 4401],
    ['what rejects', () => Promise.reject(new Error('secret database text')), 4401],
    ['forbidden', () => raise(new AgentSocketError('forbidden', 'Not here')), 4403],
    ['forbidden, later', () => Promise.reject(new AgentSocketError('forbidden', 'Not here')), 4403],
    ['what has no id', () => ({}) as Principal, 1011],
    ['an id that is no string', () => Promise.resolve({ id: 7 } as unknown as Principal), 1011],
    ['a string', () => 'anna' as unknown as Principal, 1011],
    ['what throws when it is looked at', () => untouchable, 1011],
    ['what throws when it is looked at, later', () => Promise.resolve(untouchable), 1011],
  ])('refuses with a close code where it gives %s', async (_name, authenticate, code) => {
    const { agent, url } = await startServer({ authenticate, maxConnections: 1 });
    const close = await TestClient.refused(url);
    expect(close.code).toBe(code);
    expect(close.reason).not.toContain('secret');
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(false));
    expect(agent.connections.statistics().total_connections).toBe(0);
  });

  it('ends with 4408 where it never settles, and frees the slot', async () => {
    const { agent, url } = await startServer({ authenticate: never, authenticateTimeoutMs: 30, maxConnections: 1 });
    expect(await TestClient.refused(url)).toEqual({ code: 4408, reason: 'Handshake took too long' });
    expect(agent.connections.isFull).toBe(false);
  });

  it('ignores what it answers too late', async () => {
    let answer: (user: User) => void = () => undefined;
    const { agent, url } = await startServer({
      authenticate: () => new Promise<User>((resolve) => (answer = resolve)),
      authenticateTimeoutMs: 30,
    });
    expect((await TestClient.refused(url)).code).toBe(4408);
    answer(anna);
    await new Promise(setImmediate);
    expect(agent.connections.statistics().total_connections).toBe(0);
  });

  it('survives a reset while it is pending, and frees the slot before it answers', async () => {
    let begun = 0;
    const { agent, port } = await startServer({
      authenticate: () => {
        begun++;
        return never();
      },
      maxConnections: 3,
      // Longer than the test: only the reset can free the slots.
      authenticateTimeoutMs: 60_000,
    });
    const clients = Array.from({ length: 3 }, () => new RawClient(port));
    for (const { socket } of clients) socket.write(handshake(port, {}));
    await vi.waitFor(() => expect(begun).toBe(3));
    expect(agent.connections.isFull).toBe(true);
    for (const { socket } of clients) socket.resetAndDestroy();
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(false));
    expect(agent.connections.statistics().total_connections).toBe(0);
  });

  it('sees a client leave while it is pending, and frees the slot before it answers', async () => {
    const { agent, port, url } = await startServer({
      authenticate: (request) => (request.headers['x-slow'] === undefined ? anna : never()),
      maxConnections: 1,
      // Longer than the test: only the end of the stream can free the slot.
      authenticateTimeoutMs: 60_000,
    });
    const client = new RawClient(port);
    client.socket.write(handshake(port, { headers: { 'X-Slow': '1' } }));
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(true));
    client.socket.end();
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(false));
    await TestClient.connect(url);
  });

  it('is not waited for by close(), which answers 503', async () => {
    const hook = vi.fn(never);
    // Longer than the test.
    const { agent, http: server, port } = await startServer({ authenticate: hook, authenticateTimeoutMs: 60_000 });
    const pending = new RawClient(port);
    pending.socket.write(handshake(port, {}));
    await vi.waitFor(() => expect(hook).toHaveBeenCalledOnce());
    await agent.close();
    expect(await pending.headers()).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n/);
    await new Promise((resolve) => server.close(resolve));
  });

  it('lets a client that left meanwhile go', async () => {
    let answer: (user: User) => void = () => undefined;
    const { agent, port, url } = await startServer({
      authenticate: (request) =>
        request.headers['x-slow'] === undefined ? anna : new Promise<User>((resolve) => (answer = resolve)),
      maxConnections: 1,
    });
    const client = new RawClient(port);
    client.socket.write(handshake(port, { headers: { 'X-Slow': '1' } }));
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(true));
    client.socket.end();
    await once(client.socket, 'finish');
    answer(anna);
    await vi.waitFor(() => expect(agent.connections.isFull).toBe(false));
    await TestClient.connect(url);
  });

  it('refuses with 1011 where the metadata hook throws', async () => {
    const error = vi.fn();
    const ignore = () => undefined;
    const { agent, url } = await startServer<Principal, string>({
      metadata: () => raise(new Error('secret')),
      logger: { debug: ignore, info: ignore, warn: ignore, error },
      maxConnections: 1,
    });
    expect(await TestClient.refused(url)).toEqual({ code: 1011, reason: 'Internal error' });
    expect(error).toHaveBeenCalledOnce();
    expect(agent.connections.isFull).toBe(false);
  });

  it('refuses with 1011 where the metadata hook gives a promise, and outlives its rejection', async () => {
    const { agent, url } = await startServer<Principal, unknown>({
      metadata: () => Promise.reject(new Error('late')),
      maxConnections: 1,
    });
    expect((await TestClient.refused(url)).code).toBe(1011);
    expect(agent.connections.isFull).toBe(false);
  });

  it('delivers what a client sends with its handshake and while it is being authenticated', async () => {
    let answer: ((user: User) => void) | undefined;
    const { port } = await startServer({
      authenticate: () => new Promise<User>((resolve) => (answer = resolve)),
    });
    const ping = (id: string) => frame(OPCODE.text, JSON.stringify({ type: 'ping', request_id: id }));
    const client = new RawClient(port);
    client.socket.write(handshake(port, { head: ping('with') }));
    await vi.waitFor(() => expect(answer).toBeDefined());
    client.socket.write(ping('after'));
    answer?.(anna);
    await vi.waitFor(() =>
      expect(client.messages.map(({ request_id: id }) => id)).toEqual([undefined, 'with', 'after']),
    );
  });
});

describe('Origin', () => {
  it.each([
    [undefined, 101],
    ['http://127.0.0.1:PORT', 101],
    ['http://localhost:5173', 101],
    ['http://[::1]:80', 101],
    ['https://app.example', 101],
    ['https://APP.example:443', 101],
    ['http://app.example', 403],
    ['https://app.example:444', 403],
    ['https://app.example.evil.example', 403],
    ['https://evil.example/?https://app.example', 403],
    ['https://app.example@evil.example', 403],
    ['null', 403],
    ['', 403],
    ['https://evil.example', 403],
  ])('%s is answered %i', async (origin, status) => {
    const { port, agent } = await startServer({ allowedOrigins: ['https://app.example'], maxConnections: 1 });
    const client = await RawClient.open(port, { headers: { Origin: origin?.replace('PORT', String(port)) } });
    expect(await client.status()).toBe(status);
    if (status === 403) await client.closed;
    expect(agent.connections.size).toBe(status === 101 ? 1 : 0);
  });

  it('passes all where the operator says so, null too', async () => {
    const { port } = await startServer({ allowedOrigins: ['*'] });
    for (const origin of ['null', 'https://evil.example']) {
      expect(await (await RawClient.open(port, { headers: { Origin: origin } })).status()).toBe(101);
    }
  });

  it('is checked before the hook is asked', async () => {
    const authenticate = vi.fn(() => null);
    const { port } = await startServer({ authenticate });
    expect(await (await RawClient.open(port, { headers: { Origin: 'https://evil.example' } })).status()).toBe(403);
    expect(authenticate).not.toHaveBeenCalled();
  });
});

describe('Host', () => {
  it.each([
    ['127.0.0.1', 101],
    ['localhost:80', 101],
    ['LOCALHOST', 101],
    ['[::1]:1', 101],
    ['rebound.example', 403],
    ['127.0.0.1.rebound.example', 403],
    ['localhost@rebound.example', 403],
  ])('%s on a server bound to loopback is answered %i', async (host, status) => {
    const { port } = await startServer();
    const origin = status === 101 ? undefined : `http://${host}`;
    expect(await (await RawClient.open(port, { headers: { Host: host, Origin: origin } })).status()).toBe(status);
  });

  it('is what the operator says', async () => {
    const { port } = await startServer({ allowedHosts: ['chat.example'] });
    const status = async (host: string) => (await RawClient.open(port, { headers: { Host: host } })).status();
    expect(await status('chat.example:8000')).toBe(101);
    expect(await status('localhost')).toBe(403);
  });
});

describe('capacity', () => {
  it('closes one too many with 1013 and a reason', async () => {
    const { agent, url } = await startServer({ maxConnections: 2 });
    const first = await TestClient.connect(url);
    await TestClient.connect(url);
    expect(await TestClient.refused(url)).toEqual({ code: 1013, reason: 'Server is at its connection limit' });
    expect(agent.connections.size).toBe(2);
    await first.close();
    await vi.waitFor(() => expect(agent.connections.size).toBe(1));
    await TestClient.connect(url);
  });

  it('lets 100 of 500 in who come at once, however long authentication takes', async () => {
    let most = 0;
    const waiting: (() => void)[] = [];
    const { agent, port, url } = await startServer({
      maxConnections: 100,
      authenticateTimeoutMs: 120_000,
      authenticate: () => new Promise<Principal>((resolve) => waiting.push(() => resolve({ id: 'x' }))),
    });
    agent.connections.on('connect', () => (most = Math.max(most, agent.connections.size)));
    const from = performance.now();
    const clients = Array.from({ length: 500 }, () => new RawClient(port));
    for (const { socket } of clients) socket.write(handshake(port, {}));
    const statuses = () => Promise.all(clients.filter((c) => c.socket.bytesRead > 0).map((c) => c.status()));
    // All 400 others are answered while the 100 still wait.
    await vi.waitFor(async () => expect((await statuses()).length).toBe(400));
    expect(waiting.length).toBe(100);
    const refused = await statuses();
    const told = refused.filter((status) => status === 101).length;
    expect(refused.filter((status) => status === 503).length).toBe(400 - told);
    expect(told).toBeGreaterThanOrEqual(64);
    // 64 places of those who are told are free again after a second each.
    expect(told).toBeLessThanOrEqual(64 * (1 + Math.ceil((performance.now() - from) / 1_000)));
    for (const go of waiting) go();
    await vi.waitFor(() => expect(agent.connections.size).toBe(100));
    expect(most).toBe(100);
    expect(clients.filter((client) => client.close?.code === 1013).length).toBe(told);
    for (const { socket } of clients) socket.destroy();
    await vi.waitFor(() => expect(agent.connections.size).toBe(0));
    const late = Array.from({ length: 100 }, () => TestClient.connect(url));
    await vi.waitFor(() => {
      expect(waiting.length).toBe(200);
    });
    for (const go of waiting) go();
    await Promise.all(late);
    expect(agent.connections.isFull).toBe(true);
  });

  it('terminates a refused client that does not close', async () => {
    const { port } = await startServer({ authenticate: () => null });
    const client = await RawClient.open(port);
    await client.closed;
    expect(client.close).toEqual({ code: 4401, reason: 'Authentication required' });
  });
});

function raise(error: Error): never {
  throw error;
}
