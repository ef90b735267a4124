import fastifyWebsocket from '@fastify/websocket';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import http, { IncomingMessage } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import express from 'express';
import expressWs from 'express-ws';
import fastify from 'fastify';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { createServer as createVite } from 'vite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createAgentSocketServer, type AgentSocketServer, type Principal } from '../../src/index.js';
import { silentLogger } from '../../src/runtime/logger.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

// Its own copy of a module is what graphql-ws refuses; both come through Node this way.
const { GraphQLObjectType, GraphQLSchema, GraphQLString } = createRequire(import.meta.url)(
  'graphql',
) as typeof import('graphql');

const ORDERS = ['before', 'after'] as const;
type Order = (typeof ORDERS)[number];

function attach(server: http.Server, authenticate?: () => Promise<Principal>) {
  const warn = vi.fn();
  const logger = { ...silentLogger, warn };
  const agent = createAgentSocketServer({ server, logger, authenticate, provider: createScriptedProvider(['Hello']) });
  onTestFinished(() => agent.close());
  return { agent, warn };
}

/** Attaches the service, and the neighbour `before` or `after` it. */
async function attachBoth(server: http.Server, order: Order, neighbour: () => unknown): Promise<AgentSocketServer> {
  if (order === 'before') await neighbour();
  const { agent } = attach(server);
  if (order === 'after') await neighbour();
  return agent;
}

async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The service answers at its path, and nobody else answered the handshake. */
async function expectServed(port: number, path = '/ws/agent'): Promise<void> {
  const client = await TestClient.connect(`ws://127.0.0.1:${port}${path}`);
  expect((await client.ask({ type: 'streaming_query', query: 'Hi' })).type).toBe('stream_end');
  await client.close();
}

function echo(sockets: WebSocketServer): void {
  sockets.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`)));
  onTestFinished(() => sockets.close());
}

async function expectEcho(port: number, path: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.send('1');
  expect(String((await once(socket, 'message'))[0])).toBe('echo 1');
}

describe.each(ORDERS)('beside a neighbour attached %s it', (order) => {
  it('shares a server with a ws server that takes every path', async () => {
    const server = http.createServer();
    const agent = await attachBoth(server, order, () => echo(new WebSocketServer({ server })));
    const port = await listen(server);
    await expectServed(port);
    await expectEcho(port, '/chat');
    await agent.close();
    await expectEcho(port, '/ws/agent');
  });

  it('shares a server with a ws server that refuses every path but its own', async () => {
    const server = http.createServer();
    await attachBoth(server, order, () => echo(new WebSocketServer({ server, path: '/chat' })));
    const port = await listen(server);
    await expectServed(port);
    await expectEcho(port, '/chat');
  });

  it('shares a server with socket.io, which ends what it does not know', async () => {
    const server = http.createServer();
    await attachBoth(server, order, () => {
      const sockets = new SocketIo(server, { destroyUpgradeTimeout: 1 });
      sockets.on('connection', (socket) =>
        socket.on('hello', (text: string, reply: (text: string) => void) => reply(`hello ${text}`)),
      );
      onTestFinished(() => sockets.close());
    });
    const port = await listen(server);
    for (const transports of [['websocket'], ['polling', 'websocket']]) {
      const socket = io(`http://127.0.0.1:${port}`, { transports, reconnection: false });
      onTestFinished(() => void socket.close());
      expect(await socket.emitWithAck('hello', transports[0])).toBe(`hello ${String(transports[0])}`);
      await expectServed(port);
    }
  });

  it('shares a server with graphql-ws', async () => {
    const server = http.createServer();
    await attachBoth(server, order, () => {
      const fields = { hello: { type: GraphQLString, resolve: () => 'world' } };
      const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields }) });
      const sockets = new WebSocketServer({ server, path: '/graphql' });
      const disposable = useServer({ schema }, sockets);
      onTestFinished(() => void disposable.dispose());
    });
    const port = await listen(server);
    const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
    const result = await new Promise((next, error) => {
      client.subscribe({ query: '{ hello }' }, { next, error, complete: () => undefined });
    });
    expect(result).toEqual({ data: { hello: 'world' } });
    await client.dispose();
    await expectServed(port);
  });

  it('shares a server with @fastify/websocket', async () => {
    const app = fastify();
    onTestFinished(() => app.close());
    await attachBoth(app.server, order, async () => {
      await app.register(fastifyWebsocket);
      app.get('/chat', { websocket: true }, (socket) => {
        socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
      });
      await app.ready();
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    await expectServed(port);
    await expectEcho(port, '/chat');
  });

  it('shares a server with express-ws', async () => {
    const app = express();
    const server = http.createServer(app);
    await attachBoth(server, order, () => {
      const sockets = expressWs(app, server);
      sockets.app.ws('/chat', (socket) => {
        socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
      });
      onTestFinished(() => sockets.getWss().close());
    });
    const port = await listen(server);
    await expectServed(port);
    await expectEcho(port, '/chat');
  });

  it("shares a server with Vite's hot updates", async () => {
    const server = http.createServer();
    await attachBoth(server, order, async () => {
      const vite = await createVite({
        root: temporaryDirectory(),
        configFile: false,
        logLevel: 'silent',
        server: { middlewareMode: true, hmr: { server }, watch: null },
      });
      onTestFinished(() => vite.close());
    });
    const port = await listen(server);
    await expectServed(port);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'vite-hmr');
    onTestFinished(() => socket.terminate());
    expect(String((await once(socket, 'message'))[0])).toContain('connected');
  });
});

describe('an embedder that counts the bytes of each connection', () => {
  it.each([
    ['at once', undefined],
    ['after it has asked who is there', () => new Promise<Principal>((resolve) => setImmediate(resolve, { id: 'a' }))],
  ])('is served %s, also on a connection that was kept alive', async (_when, authenticate) => {
    const server = http.createServer((_request, response) => response.end('page'));
    let bytes = 0;
    server.on('connection', (socket) => socket.on('data', (data) => (bytes += data.length)));
    const { agent, warn } = attach(server, authenticate);
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/ws/agent') return;
      if (request.url === '/counted') socket.on('data', () => undefined);
      agent.handleUpgrade(request, socket, head);
    });
    const port = await listen(server);
    for (const path of ['/ws/agent', '/mine', '/counted']) await expectServed(port, path);
    expect(bytes).toBeGreaterThan(0);

    const headers = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    };
    for (const path of ['/ws/agent', '/mine']) {
      const sockets = new http.Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => sockets.destroy());
      const page = http.get({ port, agent: sockets });
      const [response] = (await once(page, 'response')) as [IncomingMessage];
      response.resume();
      await once(response, 'close');
      const handshake = http.get({ port, path, agent: sockets, headers });
      const [, socket] = (await once(handshake, 'upgrade')) as [IncomingMessage, Socket];
      expect(handshake.reusedSocket).toBe(true);
      socket.destroy();
    }
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('handleUpgrade', () => {
  it('answers the handshakes that the embedder routes to it, at any path', async () => {
    const server = http.createServer();
    const { agent } = attach(server);
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/tenants/7') agent.handleUpgrade(request, socket, head);
      else socket.destroy();
    });
    const port = await listen(server);
    await expectServed(port, '/tenants/7');
    await expectServed(port);
  });

  it('answers 503 once the service has ended', async () => {
    const server = http.createServer();
    const { agent } = attach(server);
    server.on('upgrade', agent.handleUpgrade);
    const port = await listen(server);
    await agent.close();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    const [, response] = (await once(
      socket.on('error', () => undefined),
      'unexpected-response',
    )) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('1');
    response.destroy();
  });

  it.each([
    ['at once', undefined],
    ['after it has asked who is there', () => Promise.resolve({ id: 'anna' })],
  ])('lives on where a second server answers its handshake, %s', async (_when, authenticate) => {
    const server = http.createServer();
    const { agent, warn } = attach(server, authenticate);
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/mine') agent.handleUpgrade(request, socket, head);
    });
    echo(new WebSocketServer({ server }));
    const port = await listen(server);
    await expectEcho(port, '/chat');
    const client = await TestClient.connect(`ws://127.0.0.1:${port}/ws/agent`);
    const twice = new WebSocket(`ws://127.0.0.1:${port}/mine`);
    onTestFinished(() => twice.terminate());
    await once(twice, 'open');
    await vi.waitFor(() =>
      expect(warn).toHaveBeenCalledWith(expect.anything(), expect.stringContaining('noServer: true')),
    );
    client.send({ type: 'ping' });
    await client.next('pong');
  });

  it('leaves a handshake to the server that answered it first', async () => {
    const server = http.createServer();
    echo(new WebSocketServer({ server }));
    const { agent, warn } = attach(server);
    server.on('upgrade', agent.handleUpgrade);
    const port = await listen(server);
    await expectEcho(port, '/chat');
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.anything(), expect.stringContaining('noServer: true'));
    await expectServed(port);
    expect(agent.connections.isFull).toBe(false);
  });
});

describe('what other listeners throw', () => {
  it('is not ours to catch where the handshake is not ours', () => {
    const server = http.createServer();
    attach(server);
    server.on('upgrade', () => {
      throw new Error('theirs');
    });
    const raw = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const request = Object.assign(new IncomingMessage(new Socket()), { url: '/theirs' });
    request.headers.upgrade = 'websocket';
    expect(() => server.emit('upgrade', request, raw, Buffer.alloc(0))).toThrow('theirs');
  });
});

describe('emit of a server', () => {
  it('is as it was found when the last service has closed', async () => {
    const server = http.createServer();
    const one = createAgentSocketServer({ server, path: '/1', provider: createScriptedProvider([]) });
    const two = createAgentSocketServer({ server, path: '/2', provider: createScriptedProvider([]) });
    await one.close();
    expect(Object.hasOwn(server, 'emit')).toBe(true);
    await two.close();
    expect(Object.hasOwn(server, 'emit')).toBe(false);
  });

  it('may be wrapped by others, before and after', async () => {
    const server = http.createServer();
    const seen: string[] = [];
    const wrap = (name: string) => {
      const before = server.emit.bind(server);
      server.emit = (event: string, ...values: unknown[]) => {
        if (event === 'upgrade') seen.push(name);
        return before(event, ...values);
      };
    };
    wrap('inner');
    const first = attach(server);
    wrap('outer');
    const port = await listen(server);
    await expectServed(port);
    expect(seen).toEqual(['outer']);
    const wrapped: unknown = Reflect.get(server, 'emit');
    await first.agent.close();
    expect(Reflect.get(server, 'emit')).toBe(wrapped);
    attach(server);
    await expectServed(port);
  });
});
