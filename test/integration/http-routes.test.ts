import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Access } from '../../src/http/access.js';
import { createHttpRoutes, type HttpRoutesDeps } from '../../src/http/router.js';
import { builtPages } from '../../src/http/static.js';
import { BoundedLog } from '../../src/runtime/bounded-log.js';
import { silentLogger } from '../../src/runtime/logger.js';
import { quietState } from '../unit/http/state.js';

const root = mkdtempSync(join(tmpdir(), 'agent-ws-http-'));
const pages = join(root, 'pages');
const SECRET = 'SECRET-OUTSIDE-THE-PAGES';
const logged: { fields: Readonly<Record<string, unknown>>; message: string }[] = [];
let deps: HttpRoutesDeps;
let server: Server;
let port: number;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

async function ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const req = request({ port, host: '127.0.0.1', path, method, headers, agent: false }).end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk as Buffer);
  return { status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks).toString() };
}

/** Sends bytes as they are: no client tidies the path up. */
async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8').end(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}
const rawGet = (target: string) => raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

beforeAll(async () => {
  mkdirSync(join(pages, 'fonts'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), SECRET);
  writeFileSync(join(pages, 'test_websocket.html'), '<!doctype html><title>测试</title>');
  writeFileSync(join(pages, 'docs.html'), '<!doctype html><title>文档</title>');
  writeFileSync(join(pages, 'test_websocket.js'), 'export {};');
  writeFileSync(join(pages, 'test_websocket.css'), 'p{}');
  writeFileSync(join(pages, 'icon.svg'), '<svg/>');
  writeFileSync(join(pages, 'odd name+.bin'), Buffer.from([0, 255]));
  writeFileSync(join(pages, 'fonts', 'a.woff2'), 'font');
  symlinkSync(join(root, 'secret.txt'), join(pages, 'link.txt'));
  server = createServer((req, res) => {
    createHttpRoutes(deps).listener(req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

beforeEach(() => {
  logged.length = 0;
  const access = new Access({ server, refusals: new BoundedLog(silentLogger) });
  const ignore = () => undefined;
  deps = {
    ...quietState(),
    pages,
    hostAllowed: (req, anyAddress) => access.isHostAllowed(req, anyAddress),
    logger: {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (fields, message) => logged.push({ fields, message }),
    },
  };
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true });
});

const JSON_TYPE = 'application/json; charset=utf-8';
const ROUTES: readonly [path: string, status: number, type: string][] = [
  ['/ws/statistics', 200, JSON_TYPE],
  ['/healthz', 200, JSON_TYPE],
  ['/readyz', 200, JSON_TYPE],
  ['/docs', 200, 'text/html; charset=utf-8'],
  ['/docs/asyncapi.json', 200, JSON_TYPE],
  ['/docs/openapi.json', 200, JSON_TYPE],
  ['/static/test_websocket.html', 200, 'text/html; charset=utf-8'],
  ['/static/test_websocket.js', 200, 'text/javascript; charset=utf-8'],
  ['/static/test_websocket.css', 200, 'text/css; charset=utf-8'],
  ['/static/icon.svg', 200, 'image/svg+xml; charset=utf-8'],
  ['/static/fonts/a.woff2', 200, 'font/woff2'],
  ['/static/odd%20name%2B.bin', 200, 'application/octet-stream'],
  ['/ws/agent', 426, JSON_TYPE],
];

/** Asked by the address of a process, which no list of hosts names. */
const PROBES = ['/healthz', '/readyz'];

describe.each(ROUTES)('%s', (path, status, type) => {
  it('answers GET with type, length and security headers', async () => {
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(answer.body.length).toBeGreaterThan(0);
    expect(answer.headers).toMatchObject({
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    if (type === JSON_TYPE) expect(JSON.parse(answer.body)).toBeTypeOf('object');
  });

  it('answers HEAD with the same headers and no body', async () => {
    const get = await ask(path);
    const head = await raw(`HEAD ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(statusOf(head)).toBe(status);
    expect(head.split('\r\n\r\n')[1]).toBe('');
    expect(head).toContain(`Content-Length: ${get.headers['content-length'] ?? ''}\r\n`);
    expect(head).toContain(`Content-Type: ${type}\r\n`);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('refuses %s', async (method) => {
    const answer = await ask(path, method);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it('refuses a host that is not served', async () => {
    const answer = await ask(path, 'GET', { Host: 'evil.example' });
    expect(answer.status).toBe(403);
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(['error']);
  });

  it('takes a query and the absolute form of the URL', async () => {
    expect((await ask(`${path}?a=%zz/../b`)).status).toBe(status);
    expect(statusOf(await rawGet(`http://localhost${path}`))).toBe(status);
  });
});

describe('GET /ws/statistics', () => {
  it('says the documented keys first and in order, and keeps nothing', async () => {
    deps = {
      ...deps,
      statistics: () => ({
        active_runs: 7,
        connections: [{ node: 'a', uptime: 1.5, message_count: 3, connected_at: 1767225600.25, id: 'x' }],
        total_messages: 3,
        total_connections: 2,
        active_connections: 1,
      }),
    };
    const { body, headers } = await ask('/ws/statistics');
    expect(body).toBe(
      '{"active_connections":1,"total_connections":2,"total_messages":3,"connections":' +
        '[{"id":"x","connected_at":1767225600.25,"message_count":3,"uptime":1.5,"node":"a"}],"active_runs":7}',
    );
    expect(headers['cache-control']).toBe('no-store');
    expect(headers.etag).toBeUndefined();
  });

  it('answers whole with ten thousand connections', async () => {
    const one = { id: 'c', connected_at: 1.5, message_count: 1, uptime: 0.5 };
    const connections = Array.from({ length: 10_000 }, () => one);
    deps = {
      ...deps,
      statistics: () => ({
        active_connections: 10_000,
        total_connections: 10_000,
        total_messages: 10_000,
        connections,
      }),
    };
    const body = JSON.parse((await ask('/ws/statistics')).body) as { connections: unknown[] };
    expect(body.connections).toHaveLength(10_000);
  });
});

describe('the probes', () => {
  it.each(PROBES)('%s answers under every address, or without one', async (path) => {
    expect((await ask(path, 'GET', { Host: '10.1.2.3:8003' })).status).toBe(200);
    expect(statusOf(await raw(`GET ${path} HTTP/1.0\r\n\r\n`))).toBe(200);
    expect(statusOf(await raw('GET /ws/statistics HTTP/1.0\r\n\r\n'))).toBe(403);
  });

  it('say that the server lives but takes nobody', async () => {
    deps = { ...deps, isReady: () => false };
    expect(await ask('/readyz')).toMatchObject({ status: 503, body: '{"status":"not_ready"}' });
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });
});

describe('GET of the endpoint', () => {
  it('asks for an upgrade, wherever the endpoint is', async () => {
    deps = { ...deps, path: '/chat' };
    const answer = await ask('/chat');
    expect(answer).toMatchObject({ status: 426, headers: { upgrade: 'websocket', connection: 'Upgrade' } });
    expect(answer.body).toContain('WebSocket');
    expect((await ask('/ws/agent')).status).toBe(404);
  });
});

describe('pages', () => {
  it.each(['/docs', '/static/test_websocket.html'])('%s has the content security policy', async (path) => {
    expect((await ask(path)).headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });

  it('/docs/ leads to /docs', async () => {
    expect(await ask('/docs/')).toMatchObject({ status: 308, headers: { location: '../docs' } });
  });

  it('the documents follow the tools', async () => {
    const routes = createHttpRoutes({ ...deps, tools: () => tools });
    let tools = deps.tools();
    const own = createServer(routes.listener).listen(0, '127.0.0.1');
    await once(own, 'listening');
    const url = `http://127.0.0.1:${(own.address() as AddressInfo).port}/docs/asyncapi.json`;
    const namesNow = async () =>
      ((await (await fetch(url)).json()) as { 'x-tools': { name: string }[] })['x-tools'].map(({ name }) => name);
    expect(await namesNow()).toEqual(['calculator', 'plant']);
    tools = tools.slice(0, 1);
    expect(await namesNow()).toEqual(['calculator']);
    own.closeAllConnections();
    own.close();
  });
});

describe('ETag', () => {
  it.each(['/docs', '/docs/asyncapi.json', '/static/test_websocket.html'])('%s', async (path) => {
    const first = await ask(path);
    const etag = first.headers.etag ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    expect(first.headers['cache-control']).toBe('no-cache');
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask(path, 'GET', { 'If-None-Match': known });
      expect(again).toMatchObject({ status: 304, body: '', headers: { etag, 'x-content-type-options': 'nosniff' } });
    }
    expect((await ask(path, 'GET', { 'If-None-Match': '"other"' })).status).toBe(200);
    expect((await ask(path, 'HEAD', { 'If-None-Match': etag })).status).toBe(304);
  });
});

describe('the root', () => {
  it('leads to the test page', async () => {
    for (const path of ['/', '/?from=mail']) {
      expect(await ask(path)).toMatchObject({ status: 302, headers: { location: 'static/test_websocket.html' } });
    }
    expect((await ask('/', 'POST')).status).toBe(405);
    expect((await ask('/', 'GET', { Host: 'evil.example' })).status).toBe(403);
  });
});

describe('paths that lead nowhere', () => {
  it.each([
    '/nope',
    '/static/docs.html',
    '/static',
    '/static/',
    '/ws',
    '/ws/statistics/',
    '/WS/statistics',
    '/ws%2Fstatistics',
    '/docs//',
  ])('%s is 404', async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404, body: '{"error":"Not found"}' });
  });

  it.each([
    '*',
    '/%',
    '/%zz',
    '/static/%c0%ae%c0%ae/secret.txt',
    '/%ff',
    '?x',
    'ws/statistics',
    'ftp://localhost/docs',
  ])('%s is malformed', async (target) => {
    const answer = await rawGet(target);
    expect(statusOf(answer)).toBe(400);
  });

  const steps = [
    '..',
    '%2e%2e',
    '%2E.',
    '.%2e',
    '%252e%252e',
    '..%00',
    '....',
    '..;',
    '%c0%ae%c0%ae',
    '%uff0e%uff0e',
    '．．',
    '..%5c..',
    '\\..',
  ];
  const slashes = ['/', '//', '%2f', '%252f', '\\', '%5c', '%255c', '%c0%af', '/./', ';/'];
  const traversals = steps.flatMap((step) =>
    slashes.flatMap((slash) => [
      `/static/${step}${slash}secret.txt`,
      `/static${slash}${step}${slash}secret.txt`,
      `/static/fonts/${step}${slash}${step}${slash}secret.txt`,
      `/static/${step}${slash}${step}${slash}${step}${slash}${step}${slash}${step}${slash}etc${slash}passwd`,
    ]),
  );

  it('never serves a file from outside the pages', async () => {
    expect(traversals.length).toBeGreaterThan(500);
    for (const target of [
      ...traversals,
      '/static/link.txt',
      `/static/${root}/secret.txt`,
      `/static//${root}/secret.txt`,
      `http://localhost/static/../secret.txt`,
      '/static/__proto__',
      '/static/constructor',
      '/static/test_websocket.html%00.txt',
      '/static/test_websocket.html/',
    ]) {
      const answer = await rawGet(target);
      expect([400, 404], target).toContain(statusOf(answer));
      expect(answer, target).not.toContain(SECRET);
      expect(answer, target).not.toContain('root:');
    }
  });
});

describe('requests that mean harm', () => {
  it('get 400 from the parser or an answer, and leave the server well', async () => {
    const body = 'x'.repeat(200_000);
    expect(
      statusOf(
        await raw(
          `POST /docs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n${body}`,
        ),
      ),
    ).toBe(405);
    expect(
      statusOf(
        await raw(
          `GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n${body}`,
        ),
      ),
    ).toBe(200);
    expect(
      statusOf(await raw('GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')),
    ).toBe(200);
    expect(statusOf(await raw('GET /healthz HTTP/1.1\r\n\r\n'))).toBe(400);
    expect(statusOf(await raw('GET /docs HTTP/1.0\r\n\r\n'))).toBe(403);
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('a body after the request does not become the next one', async () => {
    const inner = 'GET /ws/statistics HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answer = await raw(
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${inner.length}\r\n\r\n${inner}` +
        'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(answer).not.toContain('active_connections');
    expect(answer).toContain('"ready"');
  });
});

describe('a route that fails', () => {
  it('answers 500 without the reason, which is logged', async () => {
    const failure = new Error('the database password is hunter2');
    deps = {
      ...deps,
      statistics: () => {
        throw failure;
      },
    };
    const answer = await ask('/ws/statistics');
    expect(answer).toMatchObject({ status: 500, body: '{"error":"Internal error"}' });
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(logged).toEqual([{ fields: { path: '/ws/statistics', err: failure }, message: 'An HTTP route failed' }]);
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('answers 500 when the question of the host fails', async () => {
    deps = {
      ...deps,
      hostAllowed: () => {
        throw new Error('no');
      },
    };
    expect((await ask('/ws/statistics')).status).toBe(500);
    expect(logged).toHaveLength(1);
  });
});

describe('the pages of the package', () => {
  it('are looked for in dist/web beside package.json', () => {
    expect(builtPages()).toBe(join(import.meta.dirname, '..', '..', 'dist', 'web'));
  });

  it('may be missing', async () => {
    deps = { ...deps, pages: join(root, 'nowhere') };
    for (const path of ['/static/test_websocket.html', '/']) expect((await ask(path)).status).toBe(404);
    expect(await ask('/docs')).toMatchObject({ status: 404, headers: { 'content-type': JSON_TYPE } });
    expect((await ask('/docs/asyncapi.json')).status).toBe(200);
  });
});
