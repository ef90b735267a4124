import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgentClient } from '../../../src/client/index.js';
import { start } from './client.js';
import { FakeSocket } from './fake-socket.js';

it.each([
  ['url', { url: 'ftp://a' }, 'a ws, wss, http or https URL, received "ftp://a"'],
  ['url', { url: 'http://' }, 'a ws, wss, http or https URL, received "http://"'],
  ['protocols', { protocols: [1] }, 'an array of strings, received an array'],
  ['token', { token: 'secret' }, 'a function, received "secret"'],
  ['clientSecret', { clientSecret: 'guessable' }, '22 to 128 letters, digits, "-" or "_", received other text'],
  ['tokenIn', { tokenIn: 'header' }, '"protocol", "message" or "query", received "header"'],
  ['WebSocket', { WebSocket: {} }, 'a class, received an object'],
  ['connectTimeoutMs', { connectTimeoutMs: 0 }, 'milliseconds from 1 to 2147483647, received 0'],
  ['silenceMs', { silenceMs: '5' }, 'milliseconds from 1 to 2147483647, received "5"'],
  ['pongTimeoutMs', { pongTimeoutMs: Infinity }, 'milliseconds from 1 to 2147483647, received Infinity'],
  ['backoff', { backoff: 5 }, 'an object, received 5'],
  ['backoff.capMs', { backoff: { capMs: -1 } }, 'milliseconds from 0 to 2147483647, received -1'],
  ['maxAttempts', { maxAttempts: 0.5 }, 'an integer of at least 1, or Infinity, received 0.5'],
  ['maxQueued', { maxQueued: -1 }, 'an integer of at least 0, or Infinity, received -1'],
])('refuses a wrong %s by name, rule and value', (option, wrong, told) => {
  const options = { url: 'ws://localhost', WebSocket: FakeSocket, ...wrong } as never;
  const text = `Option "${option}" must be ${told}`;
  expect(() => createAgentClient(options)).toThrow(new TypeError(text));
});

describe('what is looked up at the first attempt to connect', () => {
  beforeEach(() => {
    FakeSocket.opened = [];
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const connect = (url: string): Promise<unknown> => {
    const client = createAgentClient({ url });
    return client.connect().catch((error: unknown) => error);
  };

  it.each([
    ['/ws/agent', { location: { href: 'https://example.com/app/index.html' } }, 'wss://example.com/ws/agent'],
    ['ws/agent', { location: { href: 'https://example.com/app/deep/route' } }, 'wss://example.com/app/deep/ws/agent'],
    [
      'ws/agent',
      { location: { href: 'http://a/app/deep/route' }, document: { baseURI: 'http://a/app/' } },
      'ws://a/app/ws/agent',
    ],
  ])('is what %s is relative to: %j', async (url, page, expected) => {
    const client = createAgentClient({ url });
    const globals = { WebSocket: FakeSocket, navigator: { userAgent: 'Mozilla/5.0' }, ...page };
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    void client.connect();
    await expect.poll(() => FakeSocket.opened.map((socket) => socket.url)).toEqual([expected]);
    client.close();
  });

  it('is nothing outside of a page: a relative URL is told as what is wrong', async () => {
    expect(await connect('/ws/agent')).toMatchObject({
      code: 'protocol_error',
      message: 'Option "url" must be an absolute ws, wss, http or https URL outside of a page, received "/ws/agent"',
    });
  });

  it.each([
    ['Node without one', { WebSocket: undefined, navigator: undefined }],
    ['Node', { WebSocket: FakeSocket, navigator: { userAgent: 'Node.js/24' } }],
  ])('is in %s the WebSocket of `ws`', async (_case, globals) => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    const { server, client } = await start({ WebSocket: undefined });
    await client.connect();
    expect(server.peers).toHaveLength(1);
    expect(FakeSocket.opened).toEqual([]);
  });
});
