import { expect, it, vi } from 'vitest';
import { createAgentClient } from '../../../src/client/index.js';
import { FakeSocket } from './fake-socket.js';

it.each([
  ['url', { url: 'ftp://a' }, 'a ws, wss, http or https URL, received "ftp://a"'],
  ['url', { url: '/ws/agent' }, 'a ws, wss, http or https URL, received "/ws/agent"'],
  ['protocols', { protocols: [1] }, 'an array of strings, received an array'],
  ['token', { token: 'secret' }, 'a function, received "secret"'],
  ['tokenIn', { tokenIn: 'header' }, '"protocol" or "query", received "header"'],
  ['WebSocket', { WebSocket: {} }, 'a class, where there is no global one, received an object'],
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

it('takes the global WebSocket, and a URL relative to the page', () => {
  FakeSocket.opened = [];
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('location', { href: 'https://example.com/app/index.html' });
  try {
    const client = createAgentClient({ url: '/ws/agent' });
    void client.connect();
    expect(FakeSocket.last.url).toBe('wss://example.com/ws/agent');
    client.close();
  } finally {
    vi.unstubAllGlobals();
  }
});
