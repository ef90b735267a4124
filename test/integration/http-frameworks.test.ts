import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import Koa from 'koa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHttpRoutes } from '../../src/http/router.js';
import { quietState } from '../unit/http/state.js';

const pages = mkdtempSync(join(tmpdir(), 'agent-ws-pages-'));
const servers: Server[] = [];

beforeAll(() => {
  writeFileSync(join(pages, 'test_websocket.html'), '<p>page');
  writeFileSync(join(pages, 'docs.html'), '<!doctype html><html></html>');
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => {
  rmSync(pages, { recursive: true });
});

const routesAt = (path = '/ws/agent') =>
  createHttpRoutes({ ...quietState({ path }), pages, hostAllowed: (req) => req.headers.host !== 'evil.example' });

/** Serves and gives back a fetch of it. */
async function serve(listener: RequestListener): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init });
}

const OURS: readonly [string, number][] = [
  ['/ws/statistics', 200],
  ['/docs', 200],
  ['/docs/asyncapi.json', 200],
  ['/static/test_websocket.html', 200],
  ['/healthz', 200],
];

describe('under Express 5', () => {
  it('answers its own paths and leaves the others alone', async () => {
    const app = express();
    app.use(routesAt().middleware);
    app.get('/theirs', (_req, res) => void res.send('theirs'));
    const get = await serve(app);
    for (const [path, status] of [...OURS, ['/ws/agent', 426] as const]) expect((await get(path)).status).toBe(status);
    expect(await (await get('/theirs')).text()).toBe('theirs');
    expect((await get('/nope')).headers.get('content-type')).toContain('text/html');
    expect((await get('/static/other.js')).status).toBe(404);
    expect((await get('/healthz', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('works below a prefix, where the endpoint itself stays', async () => {
    const app = express();
    app.use('/chat', routesAt().middleware);
    const get = await serve(app);
    for (const [path, status] of OURS) {
      expect((await get(`/chat${path}`)).status).toBe(status);
      expect((await get(path)).status).toBe(404);
    }
    // The upgrade of a socket is not mounted: nothing connects at /chat/ws/agent.
    expect((await get('/chat/ws/agent')).status).toBe(404);
    const redirect = await get('/chat/docs/');
    expect(new URL(redirect.headers.get('location') ?? '', 'http://host/chat/docs/').pathname).toBe('/chat/docs');
  });

  it('finds an endpoint that lies below the prefix', async () => {
    const app = express();
    app.use('/chat', routesAt('/chat/socket').middleware);
    const get = await serve(app);
    expect((await get('/chat/socket')).status).toBe(426);
    expect((await get('/chat/docs')).status).toBe(200);
  });

  it('keeps the headers others set, and its own policy', async () => {
    const app = express();
    app.use((_req, res, next) => {
      res.setHeader('Strict-Transport-Security', 'max-age=1');
      res.setHeader('Content-Security-Policy', "default-src 'self'");
      next();
    });
    app.use(routesAt().middleware);
    const { headers } = await (await serve(app))('/docs');
    expect(headers.get('strict-transport-security')).toBe('max-age=1');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('under Koa 3', () => {
  it('answers its own paths and leaves the others alone', async () => {
    const { middleware } = routesAt();
    const app = new Koa();
    app.use((ctx, next) => {
      return new Promise<void>((resolve, reject) => {
        ctx.res.once('close', resolve);
        middleware(ctx.req, ctx.res, () => void next().then(resolve, reject));
      });
    });
    app.use((ctx) => {
      if (ctx.path === '/theirs') ctx.body = 'theirs';
    });
    const handle = app.callback();
    const get = await serve((req, res) => void handle(req, res));
    for (const [path, status] of [...OURS, ['/ws/agent', 426] as const]) expect((await get(path)).status).toBe(status);
    expect(await (await get('/docs')).text()).toContain('</html>');
    expect(await (await get('/theirs')).text()).toBe('theirs');
    expect((await get('/nope')).status).toBe(404);
  });
});

describe('in front of Koa 3', () => {
  it.each(['before', 'after'])('answers its own paths, whose routes come %s the server', async (order) => {
    const app = new Koa();
    const use = (): void =>
      void app.use((ctx) => {
        if (ctx.path === '/theirs') ctx.body = 'theirs';
      });
    if (order === 'before') use();
    const get = await serve((req, res) => middleware(req, res, () => void app.callback()(req, res)));
    const { middleware } = routesAt();
    if (order === 'after') use();
    for (const [path, status] of [...OURS, ['/ws/agent', 426] as const]) expect((await get(path)).status).toBe(status);
    expect(await (await get('/theirs')).text()).toBe('theirs');
    expect((await get('/nope')).status).toBe(404);
  });
});

describe('as Connect middleware', () => {
  it('calls next for what is not its own, a malformed URL and a foreign host included', async () => {
    const { middleware } = routesAt();
    const get = await serve((req, res) => {
      middleware(req, res, () => res.writeHead(204).end());
    });
    for (const path of ['/', '/nope', '/%zz', '/static/..%2fsecret', '/ws']) expect((await get(path)).status).toBe(204);
    expect((await get('/healthz')).status).toBe(200);
  });
});
