import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentClient } from '../../src/client/index.js';
import { createScriptedProvider, TestClient, type TestClientOptions } from '../../src/testing/index.js';
import { RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

const SECRET = 'agent-ws.client_secret.0123456789abcdefghijkl';
const start = () => startServer({ anonymous: 'separate', provider: createScriptedProvider(['Hello']) });

/** The answer to the handshake of a browser. */
async function browser(port: number, headers: Record<string, string> = {}): Promise<string> {
  const client = await RawClient.open(port, { headers: { Origin: `http://127.0.0.1:${port}`, ...headers } });
  return client.headers();
}

const cookieIn = (head: string): string => /^set-cookie: ([^;\r]+)/im.exec(head)?.[1] ?? '';

describe('clients that nobody authenticates', () => {
  it('do not read, stop or approve what another has, whatever they guess', async () => {
    const { url } = await start();
    const [anna, eve] = [await TestClient.connect(url), await TestClient.connect(url)];
    const asked = await anna.ask({ type: 'streaming_query', query: 'Paris', conversation_id: 'travel-plans' });
    const run_id = 'run_id' in asked ? asked.run_id : undefined;
    expect(asked.type).toBe('stream_end');
    for (const type of ['resume', 'approval'] as const) {
      eve.send({ type, run_id, tool_call_id: 'c1', approved: true, request_id: type });
      expect(await eve.next('error', ({ request_id }) => request_id === type)).toMatchObject({ code: 'run_not_found' });
    }
    eve.send({ type: 'history', conversation_id: 'travel-plans', request_id: 'h' });
    expect(await eve.next('history')).toMatchObject({ messages: [] });
    eve.send({ type: 'list_conversations', request_id: 'l' });
    expect(await eve.next('conversations')).toMatchObject({ conversations: [] });
    anna.send({ type: 'list_conversations', request_id: 'l' });
    expect(await anna.next('conversations')).toMatchObject({ conversations: [{ conversation_id: 'travel-plans' }] });
  });

  it('are who their secret says, which nobody learns', async () => {
    const { url, agent } = await start();
    const connect = (options: TestClientOptions) => TestClient.connect(url, options);
    const ids = [
      await connect({ protocols: [SECRET] }),
      await connect({ protocols: [SECRET] }),
      await connect({ protocols: [`${SECRET}m`] }),
      await connect({}),
      await connect({}),
    ].map(({ connected }) => connected.principal_id);
    expect(new Set(ids).size).toBe(4);
    expect(ids[0]).toBe(ids[1]);
    for (const id of ids) expect(id).toMatch(/^anonymous-[\w-]{22}$/);
    expect(JSON.stringify(ids)).not.toContain('0123456789');
    expect([...agent.connections].every(({ principal }) => ids.includes(principal.id))).toBe(true);
  });

  it('may tell their secret in their first message, where no proxy reads it', async () => {
    const { url } = await start();
    const { connected } = await TestClient.connect(url, { protocols: [SECRET] });
    const tell = async (token: string): Promise<unknown> => {
      const socket = new WebSocket(url, ['agent-ws.v1', 'agent-ws.auth']);
      onTestFinished(() => socket.terminate());
      socket.once('open', () => socket.send(JSON.stringify({ type: 'auth', token })));
      return new Promise((resolve) => {
        socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString())));
        socket.once('close', resolve);
      });
    };
    expect(await tell(SECRET)).toMatchObject({ type: 'authenticated', principal_id: connected.principal_id });
    expect(await tell('agent-ws.client_secret.short')).toBe(4400);
  });

  it('take nothing from others, however many secrets a script makes up', async () => {
    const { url } = await startServer({
      anonymous: 'separate',
      trustedProxies: ['127.0.0.1'],
      maxConversationBytes: 30_000,
    });
    const metadata = { text: 'x'.repeat(3_000) };
    const save = async (client: TestClient, conversation_id: string) => {
      client.send({ type: 'update_conversation', conversation_id, metadata, request_id: conversation_id });
      await client.next('conversation');
    };
    const left = async (client: TestClient, conversation_id: string) => {
      client.send({ type: 'history', conversation_id, request_id: 'left' });
      return (await client.next('history', ({ request_id }) => request_id === 'left')).metadata !== undefined;
    };
    const anna = await TestClient.connect(url, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
    for (const id of ['a', 'b', 'c']) await save(anna, id);
    for (let count = 0; count < 30; count++) {
      const script = await TestClient.connect(url, { headers: { 'X-Forwarded-For': '192.0.2.2' } });
      await save(script, 's');
      await script.close();
    }
    expect(await left(anna, 'a')).toBe(true);
  });

  it('offer no secret that could be guessed', async () => {
    const { url } = await start();
    for (const secret of ['', 'alice', 'a'.repeat(21), 'a'.repeat(129), 'a b']) {
      const refused = TestClient.refused(url, { protocols: [`agent-ws.client_secret.${secret.replace(' ', '*')}`] });
      expect(await refused).toMatchObject({ code: 4400, reason: expect.stringContaining('22 to 128') as string });
    }
  });

  it('share everything if the option says so', async () => {
    const { url } = await startServer({ anonymous: 'shared' });
    const client = await TestClient.connect(url, { protocols: [SECRET] });
    expect(client.connected.principal_id).toBe('anonymous');
  });
});

describe('a browser', () => {
  it('gets a cookie with the handshake, and is who it says from then on', async () => {
    const { port, agent } = await start();
    const head = await browser(port);
    expect(head).toMatch(/^HTTP\/1\.1 101/);
    const [, cookie = ''] = /^set-cookie: (.*)$/im.exec(head) ?? [];
    expect(cookie).toMatch(/^agent_ws_anonymous=[\w-]{32}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    const again = await browser(port, { Cookie: `theme=dark; ${cookieIn(head)}` });
    expect(again).not.toMatch(/set-cookie/i);
    const other = await browser(port);
    expect(cookieIn(other)).not.toBe(cookieIn(head));
    const [first, second, third] = [...agent.connections].map(({ principal }) => principal.id);
    expect([second, third === first]).toEqual([first, false]);
  });

  it('gets its own cookie, never that of the client before', async () => {
    const { port, agent } = await start();
    for (const upgrade of ['websocket', 'something-else']) {
      const heads = [await browser(port, { Upgrade: upgrade }), await browser(port)];
      const other = await RawClient.open(port);
      expect(await other.headers()).not.toMatch(/set-cookie/i);
      await browser(port, { Cookie: cookieIn(heads[1] ?? '') });
      const ids = [...agent.connections].map(({ principal }) => principal.id);
      // The last one has the secret of the browser before the client without a cookie.
      expect(ids.at(-1)).toBe(ids.at(-3));
      expect(ids.at(-2)).not.toBe(ids.at(-1));
    }
  });

  it('gets the cookie with the page already, whose tabs then agree', async () => {
    const { origin, port, agent } = await start();
    const page = await fetch(`${origin}/static/test_websocket.html`);
    const [, cookie = ''] =
      /^([^;]+); Path=\/; .*HttpOnly; SameSite=Strict$/.exec(page.headers.get('set-cookie') ?? '') ?? [];
    // A cache between browsers would give one of them the cookie of another.
    expect(page.headers.get('cache-control')).toBe('no-store');
    await Promise.all([browser(port, { Cookie: cookie }), browser(port, { Cookie: cookie })]);
    expect(new Set([...agent.connections].map(({ principal }) => principal.id)).size).toBe(1);
    const next = await fetch(`${origin}/static/test_websocket.html`, { headers: { cookie } });
    expect([next.headers.get('set-cookie'), next.headers.get('cache-control')]).toEqual([null, 'no-cache']);
  });

  it.each(['agent_ws_anonymous=', 'agent_ws_anonymous=short', 'agent_ws_anonymous="a b"', 'x_agent_ws_anonymous=1'])(
    'with the cookie %s gets a new one',
    async (cookie) => {
      const { port } = await start();
      expect(cookieIn(await browser(port, { Cookie: cookie }))).toMatch(/^agent_ws_anonymous=[\w-]{32}$/);
    },
  );

  it('gets no cookie from a server that authenticates, or shares', async () => {
    for (const options of [{ authenticate: () => ({ id: 'anna' }) }, { anonymous: 'shared' as const }]) {
      const { port, origin } = await startServer(options);
      expect(await browser(port)).not.toMatch(/set-cookie/i);
      expect((await fetch(`${origin}/static/test_websocket.html`)).headers.get('set-cookie')).toBe(null);
    }
  });

  it('gets a cookie for TLS that no other host can plant', async () => {
    const { port, agent } = await startServer({ anonymous: 'separate', trustedProxies: ['127.0.0.1'] });
    const proxied = { 'X-Forwarded-Proto': 'https', Origin: `https://127.0.0.1:${port}` };
    const head = await browser(port, proxied);
    expect(head).toMatch(/^set-cookie: __Host-agent_ws_anonymous=[\w-]{32}; Path=\/; .*; Secure\r?$/im);
    const planted = cookieIn(head).replace('__Host-', '');
    expect(cookieIn(await browser(port, { ...proxied, Cookie: planted }))).not.toBe('');
    expect(new Set([...agent.connections].map(({ principal }) => principal.id)).size).toBe(2);
  });
});

describe('the client', () => {
  it('goes on with its run after a loss, without authentication', async () => {
    const { url, agent } = await start();
    const connect = (clientSecret?: string) => {
      const client = createAgentClient({ url, WebSocket, clientSecret, backoff: { baseMs: 1, capMs: 10 } });
      onTestFinished(() => client.close());
      return client;
    };
    const client = connect();
    const answer = await client.conversation('c').stream('one');
    const before = client.greeting?.principalId;
    const isBack = new Promise<void>((resolve) => void client.on('connected', () => resolve()));
    for (const connection of agent.connections) connection.terminate();
    await isBack;
    expect(client.greeting?.principalId).toBe(before);
    expect((await client.conversation('c').history()).messages).toHaveLength(2);
    expect(await client.resume(answer.runId)).toMatchObject({ text: 'Hello' });
    const [mine, alsoMine] = [connect('my-own-secret-0123456789'), connect('my-own-secret-0123456789')];
    await Promise.all([mine.connect(), alsoMine.connect()]);
    expect(mine.greeting?.principalId).toBe(alsoMine.greeting?.principalId);
    expect(mine.greeting?.principalId).not.toBe(before);
  });
});
