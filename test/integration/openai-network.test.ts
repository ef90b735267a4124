import { createServer, request as httpRequest, type Server } from 'node:http';
import { once } from 'node:events';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { brotliCompressSync, constants, createGzip, deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LlmPart, LlmProvider } from '../../src/agent/llm-provider.js';
import { AgentSocketError } from '../../src/protocol/agent-socket-error.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../src/providers/openai.js';
import { askedBy } from '../helpers/asker.js';
import { scripts, startOpenAiUpstream, type OpenAiUpstream } from '../helpers/openai-upstream.js';

const KEY = 'sk-test-do-not-log-0044';
const ANSWER = 'data: {"choices":[{"delta":{"content":"Packed words"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

let upstream: OpenAiUpstream;
beforeEach(async () => {
  upstream = await startOpenAiUpstream();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await upstream.close();
});

const make = (options: Partial<OpenAiProviderOptions> = {}): LlmProvider =>
  createOpenAiProvider({ apiKey: KEY, baseUrl: upstream.url, model: 'm', maxRetries: 0, ...options });

async function ask(provider: LlmProvider, content = 'hello'): Promise<string> {
  let text = '';
  for await (const element of provider.stream({ messages: [{ role: 'user', content }], tools: [] }, askedBy())) {
    const parts: readonly LlmPart[] = 'type' in element ? [element] : element;
    for (const part of parts) if (part.type === 'text-delta') text += part.text;
  }
  return text;
}

async function failureOf(answer: Promise<string>): Promise<AgentSocketError> {
  const failure: unknown = await answer.then(
    (text) => new Error(`answered ${text}`),
    (error: unknown) => error,
  );
  if (!AgentSocketError.isInstance(failure)) throw failure;
  return failure;
}

/** A proxy that notes what it is asked for, and leads everything to the upstream. */
async function startProxy(): Promise<{ readonly url: string; readonly seen: string[] }> {
  const seen: string[] = [];
  const { port } = new URL(upstream.url);
  const proxy: Server = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url} ${incoming.headers['proxy-authorization'] ?? ''}`.trim());
    const { pathname } = new URL(incoming.url ?? '');
    const onward = httpRequest(
      { port, path: pathname, method: incoming.method, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(onward);
  });
  proxy.on('connect', (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    const onward = connectTcp(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
}

describe('a proxy', () => {
  it('is asked for everything, over one connection for each stream at a time', async () => {
    const { url, seen } = await startProxy();
    const provider = make({ baseUrl: 'http://models.invalid/v1', proxy: url.replace('//', '//user:pass@') });
    expect(await Promise.all([ask(provider), ask(provider), ask(provider)])).toEqual(Array(3).fill('You said: hello'));
    const login = `Basic ${Buffer.from('user:pass').toString('base64')}`;
    expect(seen).toEqual(Array(3).fill(`POST http://models.invalid/v1/chat/completions ${login}`));
  });

  it('is that of the environment where it is asked for, with its exceptions', async () => {
    const { url, seen } = await startProxy();
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, url);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '127.0.0.1,localhost');
    expect(await ask(make({ proxy: 'environment' }))).toBe('You said: hello');
    expect(seen).toEqual([]);
    expect(await ask(make({ baseUrl: 'http://models.invalid/v1', proxy: 'environment' }))).toBe('You said: hello');
    expect(seen).toEqual(['POST http://models.invalid/v1/chat/completions']);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
    expect(await ask(make())).toBe('You said: hello');
    expect(seen).toHaveLength(1);
  });

  it('of the environment is not asked for a server of this machine', async () => {
    const { url, seen } = await startProxy();
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, url);
    for (const exceptions of ['', 'models.example']) {
      for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, exceptions);
      expect(await ask(make({ proxy: 'environment' }))).toBe('You said: hello');
      const baseUrl = upstream.url.replace('127.0.0.1', 'localhost');
      expect(await ask(make({ baseUrl, proxy: 'environment' }))).toBe('You said: hello');
    }
    expect(seen).toEqual([]);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '*');
    const failure = await failureOf(ask(make({ baseUrl: 'http://models.invalid/v1', proxy: 'environment' })));
    expect(failure.detail).toContain('models.invalid');
    expect(seen).toEqual([]);
  });

  it('of the environment may be without a scheme', async () => {
    const { url, seen } = await startProxy();
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, new URL(url).host);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
    expect(await ask(make({ baseUrl: 'http://models.invalid/v1', proxy: 'environment' }))).toBe('You said: hello');
    await failureOf(ask(make({ baseUrl: 'https://models.invalid/v1', proxy: 'environment' })));
    expect(seen.map((line) => line.trim())).toEqual([
      'POST http://models.invalid/v1/chat/completions',
      'CONNECT models.invalid:443',
    ]);
  });

  it('opens a tunnel for TLS', async () => {
    const { url, seen } = await startProxy();
    // What is at its other end speaks no TLS: that the tunnel was asked for is what counts.
    await failureOf(ask(make({ baseUrl: 'https://models.invalid/v1', proxy: url })));
    expect(seen).toEqual(['CONNECT models.invalid:443']);
  });

  it.each([
    ['403 Forbidden', 'provider_error', 'The model provider cannot be reached.'],
    [
      '407 Proxy Authentication Required',
      'provider_refused',
      'The proxy on the way to the model provider wants a login.',
    ],
    ['502 Bad Gateway', 'provider_error', 'The model provider cannot be reached.'],
  ])('that answers %s to a tunnel is told to the operator', async (answer, code, message) => {
    const proxy = createServer();
    proxy.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${answer}\r\nContent-Length: 0\r\n\r\n`));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    onTestFinished(() => void proxy.close());
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const failure = await failureOf(ask(make({ baseUrl: 'https://models.invalid/v1', proxy: url })));
    expect([failure.code, failure.message]).toEqual([code, message]);
    expect(failure.detail).toContain(`Proxy response (${answer.slice(0, 3)})`);
  });

  it('that cannot be reached, or is no URL, is told to the operator', async () => {
    const failure = await failureOf(ask(make({ proxy: 'http://127.0.0.1:1' })));
    expect([failure.code, failure.detail]).toEqual(['provider_error', expect.stringContaining('ECONNREFUSED')]);
    for (const name of ['HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, 'not a url');
    expect((await failureOf(ask(make({ proxy: 'environment' })))).detail).toContain('Invalid URL');
  });
});

describe('a redirect', () => {
  it('inside the host is followed, and the next request goes there at once', async () => {
    upstream.reply({
      raw: (incoming, response) => {
        if (incoming.url === '/new/v1/chat/completions') response.end(ANSWER);
        else response.writeHead(308, { location: '/new/v1/chat/completions' }).end('moved');
      },
    });
    const provider = make();
    expect(await ask(provider)).toBe('Packed words');
    expect(await ask(provider)).toBe('Packed words');
    expect(upstream.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/new/v1/chat/completions',
      '/new/v1/chat/completions',
    ]);
    expect(upstream.requests[1]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it.each([
    ['to another host', 308, 'http://127.0.0.2:9/v1/chat/completions'],
    ['that turns the question into a GET', 302, '/new'],
    ['without an end', 307, '/v1/chat/completions'],
  ])('%s is told to the operator', async (_, status, location) => {
    upstream.reply({ raw: (_request, response) => void response.writeHead(status, { location }).end() });
    const failure = await failureOf(ask(make()));
    expect([failure.code, failure.message, failure.retryable]).toEqual([
      'provider_refused',
      'The model provider has moved to another address.',
      false,
    ]);
    expect(failure.detail).toContain(`${status}: a redirect to ${location}`);
    expect(upstream.requests.length).toBeLessThanOrEqual(4);
  });
});

describe('a body that is compressed', () => {
  it('is not asked for', async () => {
    await ask(make());
    expect(upstream.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it.each([
    ['gzip', undefined],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('with %s is read all the same', async (encoding, pack) => {
    upstream.reply({
      raw: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding });
        if (pack !== undefined) return void response.end(pack(Buffer.from(ANSWER)));
        const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
        gzip.pipe(response);
        gzip.write(ANSWER.slice(0, 40));
        gzip.end(ANSWER.slice(40));
      },
    });
    expect(await ask(make())).toBe('Packed words');
  });

  it('and much larger than it looks waits for its reader', async () => {
    const token = `data: {"choices":[{"delta":{"content":"${'x'.repeat(1_000)}"}}]}\n\n`;
    const packed = brotliCompressSync(Buffer.from(token.repeat(20_000) + 'data: [DONE]\n\n'), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
    });
    upstream.reply({
      raw: (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'br' }).end(packed),
    });
    const stream = make().stream({ messages: [], tools: [] }, askedBy())[Symbol.asyncIterator]();
    let largest = 0;
    let length = 0;
    for (let turn = await stream.next(); turn.done !== true; turn = await stream.next()) {
      const parts = [turn.value].flat();
      const read = parts.reduce((sum, part) => sum + (part.type === 'text-delta' ? part.text.length : 0), 0);
      length += read;
      largest = Math.max(largest, read);
      await new Promise(setImmediate);
    }
    expect(length).toBe(20_000_000);
    expect(largest).toBeLessThan(512 * 1024);
  });

  it('and spoilt is a stream that broke', async () => {
    upstream.reply({
      raw: (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip at all'),
    });
    expect((await failureOf(ask(make()))).message).toBe('The model provider ended before its answer began.');
  });
});

describe('headers of the operator', () => {
  it('go with every request, and their values into no error', async () => {
    const extraHeaders = { 'api-key': 'azure-secret-77', 'X-Title': 'Shop' };
    const provider = make({ extraHeaders });
    upstream.replyOnce({ ...scripts.brokenOnce(), body: 'not for azure-secret-77' });
    const failure = await failureOf(ask(provider));
    expect(failure.detail).toBe('500: not for [redacted]');
    await ask(provider);
    await ask(provider);
    for (const { headers } of upstream.requests) {
      expect(headers).toMatchObject({ 'api-key': 'azure-secret-77', 'x-title': 'Shop' });
    }
  });
});

describe('a server that does not know stream_options', () => {
  const field = { type: 'extra_forbidden', loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' };
  it.each<[string, number, unknown]>([
    ['a list of details', 422, { detail: [field] }],
    ['JSON inside a message', 400, { object: 'error', message: JSON.stringify([field]), code: 400 }],
    ['an error that is a text', 400, { error: 'Validation error at #/stream_options' }],
    ['plain text', 400, 'unknown field: stream_options'],
    ['the name of what is inside', 400, { message: "Unrecognized key(s) in object: 'include_usage'" }],
  ])('and says so in %s is asked without', async (_, status, body) => {
    upstream.reply((asked) => (asked.stream_options === undefined ? scripts.echo(asked) : { status, body }));
    expect(await ask(make())).toBe('You said: hello');
  });

  it('is offered them again where they were not the reason', async () => {
    upstream.replyOnce({ status: 400, body: 'stream_options?' }, { status: 400, body: 'no' });
    const provider = make();
    expect((await failureOf(ask(provider))).detail).toBe('400: no');
    await ask(provider);
    expect(upstream.requests.map(({ body }) => body.stream_options !== undefined)).toEqual([true, false, true]);
  });
});

describe('what is said in a conversation', () => {
  it('is in no error, though the server quotes it', async () => {
    const question = 'Where did Ada Lovelace hide the key?';
    upstream.reply({ status: 400, body: { error: { message: `Cannot read: ${question}`, input: question } } });
    const failure = await failureOf(ask(make(), question));
    expect(failure.detail).toBe('400: Cannot read: […]?');
    expect(String(failure.cause)).not.toContain('Lovelace');
  });
});
