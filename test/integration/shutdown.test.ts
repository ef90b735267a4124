import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { Socket } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { frame, handshake, OPCODE, RawClient } from '../helpers/raw-client.js';
import { bundle } from '../helpers/bundle.js';
import { startServer } from '../helpers/server.js';

/** A promise and its key. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const types = (client: TestClient) => client.messages.map(({ type }) => type);

const CLOSE_AND_EXIT = await bundle(new URL('../helpers/close-and-exit.ts', import.meta.url));

describe('close', () => {
  it('ends an idle service at once, with a code that says come back', async () => {
    const { agent, url } = await startServer();
    const client = await TestClient.connect(url);
    const at = performance.now();
    await agent.close({ drainMs: 30_000 });
    expect(performance.now() - at).toBeLessThan(15_000);
    expect(await client.closed).toEqual({ code: 1001, reason: 'Server is going away' });
    expect(agent.connections.size).toBe(0);
  });

  it('is one end for everybody who asks', async () => {
    const { agent, url } = await startServer();
    const client = await TestClient.connect(url);
    const first = agent.close({ closeCode: 'draining' });
    const second = agent.close({ closeCode: 'goingAway' });
    expect(second).toBe(first);
    await first;
    expect((await client.closed).code).toBe(1012);
    expect(agent.close()).toBe(first);
  });

  it('lets answers finish, tells those who know going_away, and refuses what is new', async () => {
    const { opened, open } = gate();
    const { agent, url, port } = await startServer({ provider: createScriptedProvider(['Hel', opened, 'lo']) });
    const client = await TestClient.connect(url);
    const core = await TestClient.connect(url, { negotiate: false });
    const query = { type: 'streaming_query', query: 'Hi' };
    const answers = [client.ask(query), core.ask(query)];
    await client.next('stream_chunk');
    await core.next('stream_chunk');
    const closed = agent.close({ drainMs: 10_000, closeCode: 'draining' });
    const away = await client.next('going_away');
    expect(away.reconnect_after_ms).toBeGreaterThanOrEqual(10_000);
    expect(away.reconnect_after_ms).toBeLessThanOrEqual(12_000);
    const late = await RawClient.open(port);
    expect(await late.status()).toBe(503);
    const retryAfter = Number(/^retry-after: (\d+)$/im.exec(await late.headers())?.[1]);
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(10);
    await late.closed;
    expect(await client.ask(query)).toMatchObject({ type: 'error', code: 'too_many_runs', retryable: true });
    client.send({ type: 'ping' });
    await client.next('pong');
    open();
    expect((await Promise.all(answers)).map(({ type }) => type)).toEqual(['stream_end', 'stream_end']);
    await closed;
    expect((await client.closed).code).toBe(1012);
    expect((await core.closed).code).toBe(1012);
    expect(types(core)).not.toContain('going_away');
    expect(
      core
        .all('stream_chunk')
        .map(({ content }) => content)
        .join(''),
    ).toBe('Hello');
  });

  it('interrupts at the deadline what still runs, then closes', async () => {
    const provider = createScriptedProvider(['Hel', new Promise(() => undefined)]);
    const { agent, url } = await startServer({ provider });
    const client = await TestClient.connect(url);
    const answer = client.ask({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    const at = performance.now();
    await agent.close({ drainMs: 200 });
    expect(performance.now() - at).toBeGreaterThan(190);
    expect(await answer).toMatchObject({ type: 'error', code: 'run_interrupted', retryable: true });
    expect((await client.closed).code).toBe(1001);
    expect(provider.calls[0]?.signal.aborted).toBe(true);
    expect(agent.runs.size).toBe(0);
  });

  it('ends runs whose provider ignores its signal', async () => {
    const { agent, url } = await startServer({
      provider: {
        vendor: 'deaf',
        async *stream() {
          yield { type: 'text-delta', text: 'a' } as const;
          await new Promise(() => undefined);
        },
      },
    });
    const client = await TestClient.connect(url);
    const answer = client.ask({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    const at = performance.now();
    await agent.close();
    expect(performance.now() - at).toBeLessThan(15_000);
    expect(await answer).toMatchObject({ type: 'error', code: 'run_interrupted' });
  });

  it('shows 1006 to none of 200 clients, half of them with an answer on its way', async () => {
    const { opened, open } = gate();
    const { agent, url } = await startServer({ provider: createScriptedProvider(['a', opened, 'b'.repeat(100_000)]) });
    const clients = await Promise.all(Array.from({ length: 200 }, () => TestClient.connect(url)));
    const answers = clients.slice(0, 100).map((client) => client.ask({ type: 'streaming_query', query: 'Hi' }));
    await Promise.all(clients.slice(0, 100).map((client) => client.next('stream_chunk')));
    const closed = agent.close({ drainMs: 10_000, closeCode: 'draining' });
    await Promise.all(clients.map((client) => client.next('going_away')));
    open();
    expect((await Promise.all(answers)).every(({ type }) => type === 'stream_end')).toBe(true);
    await closed;
    const codes = await Promise.all(clients.map(async (client) => (await client.closed).code));
    expect(new Set(codes)).toEqual(new Set([1012]));
  });

  it('does not wait for a client that answers no close, or reads nothing', async () => {
    const { agent, port } = await startServer({ provider: createScriptedProvider(['x'.repeat(8_000_000)]) });
    await RawClient.open(port);
    const deaf = await RawClient.open(port);
    deaf.socket.pause();
    deaf.socket.write(frame(OPCODE.text, JSON.stringify({ type: 'streaming_query', query: 'Hi' })));
    await vi.waitFor(() => {
      expect([...agent.connections].some(({ isWritable }) => !isWritable)).toBe(true);
    });
    const at = performance.now();
    await agent.close();
    expect(performance.now() - at).toBeLessThan(15_000);
    expect(agent.connections.size).toBe(0);
  });

  it('refuses a client whose authentication ends while it drains', async () => {
    const { opened, open } = gate();
    const answer = gate();
    let begun = false;
    const { agent, port, url } = await startServer({
      provider: createScriptedProvider(['a', answer.opened]),
      authenticate: async (request) => {
        if (request.headers['x-slow'] === undefined) return { id: 'anna' };
        begun = true;
        await opened;
        return { id: 'anna' };
      },
    });
    const client = await TestClient.connect(url);
    const end = client.ask({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    const late = new RawClient(port);
    late.socket.write(handshake(port, { headers: { 'X-Slow': '1' } }));
    await vi.waitFor(() => expect(begun).toBe(true));
    const closed = agent.close({ drainMs: 10_000 });
    open();
    expect(await late.status()).toBe(503);
    answer.open();
    expect((await end).type).toBe('stream_end');
    await closed;
    expect(agent.connections.size).toBe(0);
  });

  it('refuses at its beginning clients that have not said who they are, or not agreed on keys', async () => {
    const answer = gate();
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { agent, url, port, http } = await startServer({
      provider: createScriptedProvider(['a', answer.opened]),
      encryption: { key },
      authenticate: () => ({ id: 'anna' }),
      authMessageTimeoutMs: 600_000,
    });
    const client = await TestClient.connect(url);
    const end = client.ask({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    const waiting = await Promise.all(
      ['agent-ws.v1, agent-ws.auth', 'agent-ws.v1+jwe'].map((offered) =>
        RawClient.open(port, { headers: { 'Sec-WebSocket-Protocol': offered } }),
      ),
    );
    const closed = agent.close({ drainMs: 600_000 });
    for (const one of waiting) await vi.waitFor(() => expect(one.close).toMatchObject({ code: 1001 }));
    answer.open();
    expect((await end).type).toBe('stream_end');
    await closed;
    // No socket holds the server, although these clients answer no close.
    http.closeIdleConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  it('ends also where the socket of a connection throws at its close, or never says that it is closed', async () => {
    const { agent } = await startServer();
    const deaf = (close: () => void): Socket => ({
      bufferedAmount: 0,
      bytesReceived: 0,
      open: () => undefined,
      send: () => true,
      ping: () => undefined,
      close,
      terminate: close,
    });
    const info = { principal: { id: 'a' }, metadata: undefined, negotiated: true };
    agent.connections.connect(
      deaf(() => undefined),
      info,
    );
    const broken = agent.connections.connect(
      deaf(() => {
        throw new Error('no');
      }),
      info,
    );
    expect(() => broken?.close()).toThrow('no');
    // What failed has changed nothing.
    expect(broken?.isOpen).toBe(true);
    await agent.close();
    expect(agent.connections.size).toBe(0);
  });

  it('says it is not ready any more', async () => {
    const { opened, open } = gate();
    const { agent, url, origin } = await startServer({ provider: createScriptedProvider(['a', opened]) });
    const client = await TestClient.connect(url);
    const answer = client.ask({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    const closed = agent.close({ drainMs: 10_000 });
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    open();
    await Promise.all([answer, closed]);
  });
});

describe('a delay before the end', () => {
  it('accepts connections and questions while load balancers learn that the server is not ready', async () => {
    const { agent, url, origin, port } = await startServer();
    const closed = agent.close({ delayMs: 1_500, drainMs: 10_000, closeCode: 'draining' });
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);
    const client = await TestClient.connect(url);
    expect(await client.ask({ type: 'streaming_query', query: 'Hi' })).toMatchObject({ type: 'stream_end' });
    expect(types(client)).not.toContain('going_away');
    await client.next('going_away');
    const late = await RawClient.open(port);
    expect(await late.status()).toBe(503);
    await closed;
    expect((await client.closed).code).toBe(1012);
  });
});

describe('what is left', () => {
  it('is the http.Server as it was found, still serving', async () => {
    const { agent, http: server, origin, url } = await startServer();
    // What the service itself added is taken away again; what the test added stays.
    const before = listenerCounts(http.createServer());
    const client = await TestClient.connect(url);
    await agent.close();
    await client.closed;
    server.off('request', agent.requestListener);
    expect(listenerCounts(server)).toEqual(before);
    expect(server.listening).toBe(true);
    server.on('request', (_request, response) => response.end('mine'));
    expect(await (await fetch(origin)).text()).toBe('mine');
  });

  it('is nothing that keeps a process alive', async () => {
    const child = spawn(process.execPath, [CLOSE_AND_EXIT], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(output).toBe('closed after an answer, with nothing left\n');
    expect(code).toBe(0);
  });
});

function listenerCounts(server: http.Server): Record<string, number> {
  return Object.fromEntries(server.eventNames().map((name) => [String(name), server.listenerCount(name)]));
}
