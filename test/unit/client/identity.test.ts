import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgentClient, type AgentClient, type AgentClientOptions } from '../../../src/client/index.js';
import { FakeSocket } from './fake-socket.js';

let client: AgentClient;
let errors: string[];

function make(options: Partial<AgentClientOptions>): void {
  client = createAgentClient({ url: 'ws://agents.example/ws/agent', WebSocket: FakeSocket, ...options });
  errors = [];
  client.on('error', ({ code }) => errors.push(code));
  client.connect().catch(() => undefined);
}

/** Lets the promises of a token settle. */
const settle = () => vi.advanceTimersByTimeAsync(0);

const offeredSecrets = () =>
  FakeSocket.opened.map(({ offered }) => offered.filter((entry) => entry.startsWith('agent-ws.client_secret.')));

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.opened = [];
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the secret of a client without a token', () => {
  it('is random, stays over reconnects, and differs between clients', async () => {
    make({});
    FakeSocket.last.greet();
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    const [first, second] = offeredSecrets();
    expect(first).toEqual([expect.stringMatching(/^agent-ws\.client_secret\.[\w-]{32}$/)]);
    expect(second).toEqual(first);
    client.close();
    make({});
    expect(offeredSecrets().at(-1)).not.toEqual(first);
  });

  it('can be chosen', () => {
    make({ clientSecret: 'a'.repeat(22) });
    expect(offeredSecrets()).toEqual([[`agent-ws.client_secret.${'a'.repeat(22)}`]]);
  });

  it('is not sent with a token', async () => {
    make({ token: () => 't1', clientSecret: 'a'.repeat(22) });
    await settle();
    expect(FakeSocket.last.offered).toEqual(['agent-ws.v1', 't1']);
  });

  it.each([
    ['agents.example', [[]]],
    ['app.example', [[expect.stringContaining('client_secret')]]],
  ])('in a page of %s', (hostname, secrets) => {
    // A page of the server's host has a cookie.
    vi.stubGlobal('location', { hostname, href: `https://${hostname}/` });
    make({});
    expect(offeredSecrets()).toEqual(secrets);
  });
});

describe('credentials that end', () => {
  const expiring = (): void => FakeSocket.last.say({ type: 'auth_expiring', timestamp: 1, expires_in_ms: 30_000 });

  async function connected(token: () => string | Promise<string>): Promise<void> {
    make({ token });
    await settle();
    FakeSocket.last.greet({ connection_id: `c${FakeSocket.opened.length}` });
  }

  it('are renewed over the open connection', async () => {
    let count = 0;
    await connected(() => `t${++count}`);
    expiring();
    await settle();
    const [auth] = FakeSocket.last.sent;
    expect(auth).toEqual({ type: 'auth', token: 't2', request_id: expect.any(String) as string });
    FakeSocket.last.say({ type: 'authenticated', principal_id: 'anna', request_id: auth?.['request_id'] });
    await settle();
    expect([errors, client.state, FakeSocket.opened.length]).toEqual([[], 'connected', 1]);
  });

  it('are asked for again if there is no token, or the server cannot check it, at the moment', async () => {
    let count = 0;
    await connected(() => {
      if (++count === 2) throw new Error('The issuer does not answer');
      return `t${count}`;
    });
    expiring();
    await settle();
    expect(FakeSocket.last.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    const refuse = (): void =>
      FakeSocket.last.say({
        type: 'error',
        code: 'internal_error',
        message: 'The token cannot be checked at the moment',
        retryable: true,
        request_id: FakeSocket.last.sent.at(-1)?.['request_id'],
      });
    refuse();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(FakeSocket.last.sent.map(({ token }) => token)).toEqual(['t3', 't4']);
    refuse();
    expect(errors).toEqual([]);
    // The next connection has a token of its own.
    FakeSocket.last.end(4401);
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.greet({ connection_id: 'c2' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect([FakeSocket.opened.length, count, FakeSocket.last.sent]).toEqual([2, 5, []]);
  });

  it('are told if the server refuses newer ones, and the next connection has others', async () => {
    let count = 0;
    await connected(() => `t${++count}`);
    expiring();
    await settle();
    FakeSocket.last.say({
      type: 'error',
      error: 'No',
      code: 'unauthorized',
      request_id: FakeSocket.last.sent[0]?.['request_id'],
    });
    await settle();
    expect([errors, client.state]).toEqual([['unauthorized'], 'connected']);
    FakeSocket.last.end(4401, 'The credentials have ended');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSocket.last.offered).toEqual(['agent-ws.v1', 't3']);
  });

  it('end with the connection if there are no newer ones', async () => {
    let works = true;
    await connected(() => (works ? 'fine' : Promise.reject(new Error('offline'))));
    works = false;
    expiring();
    await settle();
    expect([errors, FakeSocket.last.sent, client.state]).toEqual([[], [], 'connected']);
  });

  it('are not sent over another connection than the one that asked', async () => {
    const answers: ((token: string) => void)[] = [];
    make({ token: () => new Promise((resolve) => answers.push(resolve)) });
    answers[0]?.('t1');
    await settle();
    FakeSocket.last.greet({ connection_id: 'c1' });
    expiring();
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    answers[2]?.('t3');
    await settle();
    FakeSocket.last.greet({ connection_id: 'c2' });
    answers[1]?.('t2');
    await settle();
    expect(FakeSocket.last.sent).toEqual([]);
  });

  it('are renewed over the next connection if the function hung over an earlier one', async () => {
    const answers: ((token: string) => void)[] = [];
    make({ token: () => new Promise((resolve) => answers.push(resolve)) });
    for (const n of [1, 2]) {
      answers.at(-1)?.('t');
      await settle();
      FakeSocket.last.greet({ connection_id: `c${n}` });
      expiring();
      if (n === 1) FakeSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    answers.at(-1)?.('newest');
    await settle();
    expect(FakeSocket.last.sent).toMatchObject([{ type: 'auth', token: 'newest' }]);
  });

  it('mean nothing to a client without a token', async () => {
    make({});
    FakeSocket.last.greet();
    expiring();
    await settle();
    expect([FakeSocket.last.sent, errors]).toEqual([[], []]);
  });
});
