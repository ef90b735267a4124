import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { SignJWT } from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createTickets, firstOf, jwtAuth } from '../../src/auth/index.js';
import { createAgentClient } from '../../src/client/index.js';
import { AgentSocketError, tokenOf, type Principal } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { frame, OPCODE, RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';
import { gate } from '../golden/frames.js';

/** Tokens of this test: the id of the principal, and how many milliseconds it lives. */
const byToken = (request: Parameters<typeof tokenOf>[0]): Principal | null => {
  const [id = '', ms] = (tokenOf(request) ?? '').split('.');
  if (id === '' || id === 'wrong') return null;
  return { id, expiresAt: ms === undefined ? undefined : Date.now() + Number(ms) };
};

/** A client whose first message is to say who it is. */
async function unknown(port: number): Promise<RawClient> {
  const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Protocol': 'agent-ws.v1, agent-ws.auth' } });
  expect(await client.headers()).toMatch(/101/);
  return client;
}

const say = (client: RawClient, message: object): void =>
  void client.socket.write(frame(OPCODE.text, JSON.stringify(message)));

const closeOf = (client: RawClient) => expect.poll(() => client.close, { timeout: 20_000 });

describe('a first message that says who the client is', () => {
  it('is answered, and the connection begins', async () => {
    const { port, agent } = await startServer({ authenticate: byToken });
    const client = await unknown(port);
    expect(agent.connections.size).toBe(0);
    say(client, { type: 'auth', token: 'anna', request_id: 'a1' });
    await expect.poll(() => client.messages.length).toBe(2);
    say(client, { type: 'ping' });
    await expect.poll(() => client.messages.length).toBe(3);
    expect(client.messages).toMatchObject([
      { type: 'authenticated', principal_id: 'anna', request_id: 'a1' },
      { type: 'connected', principal_id: 'anna' },
      { type: 'pong' },
    ]);
    expect([...agent.connections][0]?.principal.id).toBe('anna');
  });

  it('is all that is understood: whatever else comes ends the connection, and nothing is done', async () => {
    const { port, agent } = await startServer({ authenticate: byToken });
    for (const message of [
      { type: 'ping' },
      { type: 'streaming_query', query: 'Hi' },
      { type: 'auth' },
      { type: 'auth', token: '' },
      { type: 'auth', token: 'a b' },
      { type: 'auth', token: 'wrong' },
    ]) {
      const client = await unknown(port);
      say(client, message);
      await closeOf(client).toEqual({ code: 4401, reason: 'Authentication required' });
      expect(client.messages).toEqual([]);
    }
    const binary = await unknown(port);
    binary.socket.write(frame(OPCODE.binary, '{"type":"auth","token":"anna"}'));
    await closeOf(binary).toMatchObject({ code: 4401 });
    expect([agent.connections.statistics().total_connections, agent.runs.size]).toEqual([0, 0]);
  });

  it('has a deadline that nothing moves', async () => {
    const { port } = await startServer({ authenticate: byToken, authMessageTimeoutMs: 300 });
    const client = await unknown(port);
    const pings = setInterval(() => client.socket.write(frame(OPCODE.ping)), 20);
    onTestFinished(() => clearInterval(pings));
    await closeOf(client).toEqual({ code: 4408, reason: 'Handshake took too long' });
  });

  it.each([
    ['in one message', (client: RawClient) => say(client, { type: 'auth', token: 'a'.repeat(4_096) })],
    [
      'in a message that does not end',
      (client: RawClient) => client.socket.write(frame(OPCODE.text, 'x'.repeat(4_200), { declaredLength: 1_000_000n })),
    ],
    [
      'in many frames',
      (client: RawClient) => {
        for (let index = 0; index < 50; index++) client.socket.write(frame(OPCODE.ping, 'x'.repeat(100)));
      },
    ],
  ])('is not waited for after 4 KiB %s', async (_how, send) => {
    const { port } = await startServer({ authenticate: byToken });
    const client = await unknown(port);
    send(client);
    await closeOf(client).toEqual({ code: 1009, reason: 'Too much before authentication' });
  });

  it('is not read any further than that', async () => {
    const { port, http } = await startServer({ authenticate: byToken });
    const sockets: Socket[] = [];
    http.on('connection', (socket: Socket) => void sockets.push(socket));
    const client = await unknown(port);
    client.socket.write(frame(OPCODE.text, 'x'.repeat(900_000), { declaredLength: 1_000_000n }));
    await closeOf(client).toEqual({ code: 1009, reason: 'Too much before authentication' });
    await expect.poll(() => sockets.at(-1)?.destroyed).toBe(true);
    expect(sockets.at(-1)?.bytesRead).toBeLessThan(300_000);
  });

  it('is checked once, with nothing done meanwhile', async () => {
    const wait = gate();
    const asked = vi.fn(async (request: IncomingMessage) => {
      await wait.opened;
      return byToken(request);
    });
    const { port, agent } = await startServer({ authenticate: asked });
    const client = await unknown(port);
    say(client, { type: 'auth', token: 'anna' });
    await expect.poll(() => asked.mock.calls.length).toBe(1);
    say(client, { type: 'auth', token: 'bob' });
    await closeOf(client).toMatchObject({ code: 4401 });
    wait.open();
    await client.closed;
    expect([asked.mock.calls.length, agent.connections.statistics().total_connections]).toEqual([1, 0]);
  });

  it('takes a place, which a client that leaves gives back', async () => {
    const { port, url } = await startServer({ authenticate: byToken, maxConnections: 1 });
    const waiting = await unknown(port);
    expect(await TestClient.refused(url, { protocols: ['anna'] })).toMatchObject({ code: 1013 });
    waiting.socket.destroy();
    await expect.poll(async () => (await TestClient.refused(url, { protocols: ['wrong'] })).code).toBe(4401);
    await TestClient.connect(url, { protocols: ['anna'] });
  });

  it('waits in few sockets of an address, while others come in', async () => {
    const { port, url } = await startServer({ authenticate: byToken });
    const waiting = await Promise.all(Array.from({ length: 64 }, () => unknown(port)));
    await closeOf(await unknown(port)).toMatchObject({ code: 1013 });
    await TestClient.connect(url, { protocols: ['anna'] });
    say(waiting[0] as RawClient, { type: 'auth', token: 'anna' });
    await expect.poll(() => waiting[0]?.messages.at(-1)?.['type']).toBe('connected');
    const another = await unknown(port);
    say(another, { type: 'auth', token: 'bob' });
    await expect.poll(() => another.messages.at(-1)?.['type']).toBe('connected');
    for (const { socket } of waiting) socket.destroy();
  });

  it('belongs to clients that negotiate', async () => {
    const { port } = await startServer({ authenticate: byToken });
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Protocol': 'agent-ws.auth' } });
    await closeOf(client).toMatchObject({ code: 4400, reason: expect.stringContaining('agent-ws.v1') as string });
  });

  it('gives the hook a request with the token, without cookies, and with the rest of the handshake', async () => {
    const seen: unknown[] = [];
    const { port } = await startServer({
      authenticate: (request) => {
        const { headers, url, socket } = request;
        seen.push([tokenOf(request), headers.cookie, headers['x-tenant'], url, socket.remoteAddress]);
        return byToken(request);
      },
    });
    const headers = { 'Sec-WebSocket-Protocol': 'agent-ws.v1, agent-ws.auth, other', Cookie: 'a=b', 'X-Tenant': 't' };
    const client = await RawClient.open(port, { headers, path: '/ws/agent?x=1' });
    await client.headers();
    say(client, { type: 'auth', token: 'anna/+=' });
    await expect.poll(() => client.messages.length).toBe(2);
    expect(seen).toEqual([['anna/+=', undefined, 't', '/ws/agent?x=1', '127.0.0.1']]);
  });

  it('is sent by the client library', async () => {
    const { url } = await startServer({ authenticate: byToken });
    const client = createAgentClient({ url, WebSocket, token: () => 'anna/+==', tokenIn: 'message' });
    onTestFinished(() => client.close());
    expect(await client.stream('Hi')).toMatchObject({ text: 'Hello' });
    expect(client.greeting?.principalId).toBe('anna/+==');
  });
});

describe('credentials that end', () => {
  it('end the connection in the middle of a stream, after a notice; the run waits for its client', async () => {
    const wait = gate();
    onTestFinished(() => wait.open());
    const { url, agent } = await startServer({
      authenticate: byToken,
      provider: createScriptedProvider(['Once', wait.opened, ' upon']),
    });
    const client = await TestClient.connect(url, { protocols: ['anna.1500'] });
    client.send({ type: 'streaming_query', query: 'Hi' });
    const { run_id } = await client.next('stream_chunk');
    const { expires_in_ms } = await client.next('auth_expiring');
    expect(expires_in_ms).toBeLessThanOrEqual(750);
    expect(await client.closed).toEqual({ code: 4401, reason: 'The credentials have ended' });
    expect(client.all('stream_end')).toEqual([]);
    expect(agent.runs.size).toBe(1);
    const again = await TestClient.connect(url, { protocols: ['anna'] });
    again.send({ type: 'resume', run_id });
    await again.next('resumed');
    wait.open();
    await again.next('stream_end');
    expect(again.text(run_id)).toBe('Once upon');
  });

  it('are renewed without a break, and the connection outlives the old ones', async () => {
    const { url, agent } = await startServer({ authenticate: byToken });
    const client = await TestClient.connect(url, { protocols: ['anna.1000'] });
    await client.next('auth_expiring');
    client.send({ type: 'auth', token: 'anna.60000', request_id: 'r1' });
    const renewed = await client.next('authenticated');
    expect(renewed).toMatchObject({ principal_id: 'anna', request_id: 'r1' });
    expect(renewed.expires_at).toBeGreaterThan(Date.now() / 1000 + 30);
    const [connection] = agent.connections;
    // The end of the old ones passes.
    await expect.poll(() => Date.now() - (connection?.connectedAt ?? 0), { timeout: 20_000 }).toBeGreaterThan(1_300);
    client.send({ type: 'ping' });
    await client.next('pong');
  });

  it('that permit less end what the connection reads and may read no more', async () => {
    const scopes = new Map([
      ['all', ['*']],
      ['less', ['rooms:open:join', 'watch']],
      ['none', []],
    ]);
    const { url, agent } = await startServer({
      authenticate: (request) => ({ id: 'anna', scopes: scopes.get(tokenOf(request) ?? '') }),
    });
    const client = await TestClient.connect(url, { protocols: ['all'] });
    client.send({ type: 'join', room: 'open' });
    client.send({ type: 'join', room: 'secret' });
    client.send({ type: 'watch', conversation_id: 'trip' });
    await client.next('watching');
    client.send({ type: 'auth', token: 'less' });
    expect(await client.next('room_left')).toMatchObject({ room: 'secret' });
    await client.next('authenticated');
    expect(agent.rooms.members('open')).toHaveLength(1);
    expect(agent.rooms.members('secret')).toEqual([]);
    expect(client.all('watching')).toHaveLength(1);
    const since = client.messages.length;
    const [connection] = agent.connections;
    connection?.renew({ id: 'anna', scopes: [] });
    expect(await client.next('room_left', undefined, since)).toMatchObject({ room: 'open' });
    expect(await client.next('watching', undefined, since)).toMatchObject({ conversation_id: 'trip', active: false });
    await TestClient.connect(url, { protocols: ['all'] }).then(async (other) => {
      other.send({ type: 'agent_query', query: 'Hi', conversation_id: 'trip' });
      await other.next('agent_response');
    });
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(client.all('run_started')).toEqual([]);
  });

  it('are not renewed by those of another, by wrong ones or by ended ones, and stay as they are', async () => {
    const { url, agent } = await startServer({ authenticate: byToken });
    const client = await TestClient.connect(url, { protocols: ['anna.60000'] });
    const errorFor = async (token: string) => {
      client.send({ type: 'auth', token, request_id: token });
      return (await client.next('error', ({ request_id }) => request_id === token)).code;
    };
    expect(await errorFor('bob')).toBe('forbidden');
    expect(await errorFor('wrong')).toBe('unauthorized');
    expect(await errorFor('anna.0')).toBe('unauthorized');
    const [connection] = agent.connections;
    expect([connection?.principal.id, connection?.isOpen]).toEqual(['anna', true]);
    expect(connection?.principal.expiresAt).toBeGreaterThan(Date.now());
  });

  it.each([
    ['internal_error', 'internal_error', true],
    ['forbidden', 'forbidden', false],
    ['unauthorized', 'unauthorized', false],
  ] as const)('are not called wrong if the hook says %s', async (thrown, code, retryable) => {
    const { url } = await startServer({
      authenticate: (request) => {
        if (tokenOf(request) !== 'fails') return byToken(request);
        throw new AgentSocketError(thrown, 'No keys');
      },
      logger: false,
    });
    const client = await TestClient.connect(url, { protocols: ['anna'] });
    client.send({ type: 'auth', token: 'fails' });
    expect(await client.next('error')).toMatchObject({ code, retryable });
    client.send({ type: 'auth', token: 'anna' });
    expect(await client.next('authenticated')).toMatchObject({ principal_id: 'anna' });
  });

  it('are tried one at a time on a connection', async () => {
    const wait = gate();
    let isFirst = true;
    const { url } = await startServer({
      authenticate: async (request) => {
        if (!isFirst) await wait.opened;
        isFirst = false;
        return byToken(request);
      },
    });
    const client = await TestClient.connect(url, { protocols: ['anna'] });
    client.send({ type: 'auth', token: 'anna', request_id: 'one' });
    client.send({ type: 'auth', token: 'anna', request_id: 'two' });
    expect(await client.next('error')).toMatchObject({ code: 'rate_limited', request_id: 'two' });
    wait.open();
    expect(await client.next('authenticated')).toMatchObject({ request_id: 'one' });
  });

  it('that have ended already let nobody in', async () => {
    const { url } = await startServer({ authenticate: byToken });
    expect(await TestClient.refused(url, { protocols: ['anna.-1'] })).toMatchObject({ code: 4401 });
  });

  it.each(['2020-01-01T00:00:00Z', '4102444800000', Number.NaN, new Date(4_102_444_800_000), null])(
    'at %o let nobody in, and the log says why',
    async (expiresAt) => {
      const errors: string[] = [];
      const { url, agent } = await startServer({
        authenticate: () => ({ id: 'anna', expiresAt }) as never,
        logger: { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: (_fields, text) => void errors.push(text) },
      });
      expect(await TestClient.refused(url)).toMatchObject({ code: 1011 });
      expect(agent.connections.totalConnections).toBe(0);
      expect(errors).toEqual([expect.stringContaining('"expiresAt" is not a number of Unix milliseconds')]);
    },
  );

  it.each([undefined, Infinity])('at %o never end', async (expiresAt) => {
    const { url, agent } = await startServer({ authenticate: () => ({ id: 'anna', expiresAt }) });
    const client = await TestClient.connect(url);
    client.send({ type: 'auth', token: 'another' });
    expect(await client.next('authenticated')).not.toHaveProperty('expires_at');
    const [connection] = agent.connections;
    const renew = (end: unknown) => connection?.renew({ id: 'anna', expiresAt: end } as never);
    for (const end of ['2020-01-01', Number.NaN]) expect(() => renew(end)).toThrow(TypeError);
    expect([connection?.isOpen, connection?.principal.expiresAt]).toEqual([true, expiresAt]);
  });

  it('mean nothing to a server without authentication', async () => {
    const { url } = await startServer();
    const client = await TestClient.connect(url);
    client.send({ type: 'auth', token: 'anna' });
    expect(await client.next('error')).toMatchObject({ code: 'unauthorized' });
    const core = await TestClient.connect(url, { negotiate: false });
    core.send({ type: 'auth', token: 'anna' });
    expect(await core.next('error')).toMatchObject({ code: 'unknown_type' });
  });

  it('cost a client of the documented core its connection, without a message that it does not know', async () => {
    const { url } = await startServer({ authenticate: byToken });
    const headers = { authorization: 'Bearer anna.300' };
    const client = await TestClient.connect(url, { negotiate: false, headers });
    expect(await client.closed).toMatchObject({ code: 4401 });
    expect(client.messages.map(({ type }) => type)).toEqual(['connected']);
  });

  it('are renewed by the client library in the middle of a stream', async () => {
    const wait = gate();
    onTestFinished(() => wait.open());
    const { url, agent } = await startServer({
      authenticate: byToken,
      provider: createScriptedProvider(['Once', wait.opened, ' upon']),
    });
    let tokens = 0;
    const client = createAgentClient({ url, WebSocket, token: () => (++tokens, 'anna.1000') });
    onTestFinished(() => client.close());
    const run = client.stream('Hi');
    await expect.poll(() => tokens, { timeout: 20_000 }).toBeGreaterThan(3);
    wait.open();
    expect(await run).toMatchObject({ text: 'Once upon' });
    expect(agent.connections.statistics().total_connections).toBe(1);
  });
});

describe('revoke', () => {
  it('closes the connections of a principal and cancels its runs, and nobody else’s', async () => {
    const { url, agent } = await startServer({
      authenticate: byToken,
      provider: createScriptedProvider(['x', new Promise(() => undefined)]),
    });
    const connect = (id: string) => TestClient.connect(url, { protocols: [id] });
    const [one, two, bob] = [await connect('anna'), await connect('anna'), await connect('bob')];
    for (const client of [one, bob]) client.send({ type: 'streaming_query', query: 'Hi', on_disconnect: 'continue' });
    await Promise.all([one.next('stream_chunk'), bob.next('stream_chunk')]);
    expect(agent.revoke('anna')).toBe(2);
    expect(await one.closed).toEqual({ code: 4401, reason: 'Authentication required' });
    expect(await two.closed).toMatchObject({ code: 4401 });
    await expect.poll(() => [...agent.runs].map(({ principal }) => principal.id)).toEqual(['bob']);
    bob.send({ type: 'ping' });
    await bob.next('pong');
    expect([agent.revoke('anna'), agent.revoke('nobody')]).toEqual([0, 0]);
  });

  it.each([
    ['in its handshake', (port: number) => RawClient.open(port, { headers: { Authorization: 'Bearer anna' } })],
    [
      'in its first message',
      async (port: number) => {
        const client = await unknown(port);
        say(client, { type: 'auth', token: 'anna' });
        return client;
      },
    ],
  ])('refuses a client about which the hook was asked before, by a token %s', async (_where, open) => {
    const wait = gate();
    const asked = vi.fn(async (request: IncomingMessage) => {
      const principal = byToken(request);
      await wait.opened;
      return principal;
    });
    const { port, url, agent } = await startServer({ authenticate: asked });
    const early = open(port);
    await expect.poll(() => asked.mock.calls.length).toBe(1);
    expect(agent.revoke('anna')).toBe(0);
    wait.open();
    await closeOf(await early).toEqual({ code: 4401, reason: 'Authentication required' });
    expect(agent.connections.totalConnections).toBe(0);
    await TestClient.connect(url, { protocols: ['anna'] });
  });
});

describe('ids of principals', () => {
  it.each(['', ' ', 'a\nb', 'a\u0000b', 'ann\u200ba', 'a\u202eb', '\ud800', 'x'.repeat(257), 7, null])(
    '%j is refused',
    async (id) => {
      const { url } = await startServer({ authenticate: () => ({ id }) as never, logger: false });
      expect(await TestClient.refused(url)).toMatchObject({ code: 1011 });
    },
  );

  it('that differ only in separators or in how they are composed are different', async () => {
    const { url } = await startServer({
      authenticate: ({ headers }) => ({ id: decodeURIComponent(String(headers['x-id'])) }),
    });
    const connect = (id: string) => TestClient.connect(url, { headers: { 'x-id': encodeURIComponent(id) } });
    const run_id = '6f1c2d3e-4b5a-4c6d-8e7f-901234567890';
    const ids = ['a', 'a b', 'a:b', 'a/b', 'a","b', 'é', 'e\u0301', 'а', `${run_id} a`];
    for (const id of ids) {
      const client = await connect(id);
      const query = { type: 'streaming_query', query: 'Hi', run_id, conversation_id: 'c b' };
      // An id that another owner has would be answered by `resumed`, or be a conflict.
      expect((await client.ask(query)).type).toBe('stream_end');
      expect(client.all('resumed')).toEqual([]);
      client.send({ type: 'history', conversation_id: 'c b' });
      expect((await client.next('history')).messages).toHaveLength(2);
    }
  });
});

describe('the ready-made hooks', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const sign = (claims: object) =>
    new SignJWT({ iss: 'id', aud: 'agents', ...claims }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
  const inTenSeconds = () => Math.floor(Date.now() / 1000) + 10;

  it('let a page in by its ticket, a service by its JWT, and nobody else', async () => {
    const tickets = createTickets({ principal: () => ({ id: 'anna' }) });
    const { url, origin } = await startServer({
      authenticate: firstOf(tickets.authenticate, jwtAuth({ publicKey, issuer: 'id', audience: 'agents' })),
    });
    const ticket = (from = origin) => tickets.issue({ id: 'anna' }, { origin: from }) ?? '';
    const used = ticket();
    const page = { headers: { Origin: origin } };
    const client = await TestClient.connect(url, { ...page, protocols: [used] });
    expect(client.connected.principal_id).toBe('anna');
    const refused = async (token: string) => (await TestClient.refused(url, { ...page, protocols: [token] })).code;
    expect(await refused(used)).toBe(4401);
    expect(await refused(ticket('https://evil.example'))).toBe(4401);
    const service = await TestClient.connect(url, { protocols: [await sign({ sub: 'ci', exp: inTenSeconds() })] });
    expect(service.connected.principal_id).toBe('ci');
    expect(await refused(await sign({ sub: 'ci', exp: inTenSeconds(), aud: 'other' }))).toBe(4401);
    // Another ticket of the same person renews the connection.
    client.send({ type: 'auth', token: ticket() });
    expect(await client.next('authenticated')).toMatchObject({ principal_id: 'anna' });
  });

  it('say in the log why a JWT was refused, and never what it was', async () => {
    const lines: string[] = [];
    const write = (fields: object, text: string): void => void lines.push(`${text} ${JSON.stringify(fields)}`);
    const { url } = await startServer({
      authenticate: jwtAuth({ publicKey, issuer: 'id', audience: 'agents' }),
      logger: { debug: write, info: write, warn: write, error: write },
    });
    const token = await sign({ sub: 'ci', exp: 1 });
    await TestClient.refused(url, { protocols: [token] });
    expect(lines.join('\n')).toContain('The JWT is refused: it has expired');
    for (const part of token.split('.')) expect(lines.join('\n')).not.toContain(part);
    for (let index = 0; index < 30; index++) await TestClient.refused(url, { protocols: [token] });
    expect(lines.filter((line) => line.includes('refused a connection')).length).toBeLessThanOrEqual(10);
  });

  it('that cannot decide keep clients coming', async () => {
    const { url } = await startServer({
      authenticate: () => {
        throw new AgentSocketError('internal_error', 'No keys');
      },
      logger: false,
    });
    expect(await TestClient.refused(url)).toMatchObject({ code: 1011 });
  });
});
