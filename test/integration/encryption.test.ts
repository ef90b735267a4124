import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { createAgentClient, type AgentClient, type AgentClientOptions } from '../../src/client/index.js';
import { encryptFor, type MessageKey } from '../../src/client/encryption.js';
import { tokenOf } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { JosePeer } from '../helpers/jose-peer.js';
import { startServer } from '../helpers/server.js';

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const ENCRYPTED = 'agent-ws.v1+jwe';

interface Jwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly kid: string;
}

async function publishedBy(origin: string): Promise<Jwk> {
  return (await (await fetch(`${origin}/ws/key`)).json()) as Jwk;
}

function client(url: string, keys: readonly MessageKey[], options: Partial<AgentClientOptions> = {}): AgentClient {
  const made = createAgentClient({
    url,
    encryption: encryptFor(...keys),
    backoff: { baseMs: 1, capMs: 5 },
    ...options,
  });
  onTestFinished(() => made.close());
  return made;
}

/** A proxy that sees every frame, and may change what it forwards. */
async function proxy(target: string) {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  await once(server, 'listening');
  const seen = { client: [] as string[], server: [] as string[], offered: [] as string[] };
  const change: {
    toServer: (frame: string, number: number) => readonly string[];
    toClient: (frame: string, number: number) => readonly string[];
  } = { toServer: (frame) => [frame], toClient: (frame) => [frame] };
  let connections = 0;
  server.on('connection', (near, request) => {
    connections++;
    const offered = request.headers['sec-websocket-protocol'] ?? '';
    seen.offered.push(offered);
    const far = new WebSocket(
      target,
      offered.split(',').map((protocol) => protocol.trim()),
    );
    const opened = once(far, 'open');
    const numbers = { client: 0, server: 0 };
    near.on('message', (data: RawData) => {
      const frame = (data as Buffer).toString();
      seen.client.push(frame);
      const number = numbers.client++;
      const send = (): void => change.toServer(frame, number).forEach((changed) => far.send(changed));
      opened.then(send, () => undefined);
    });
    far.on('error', () => undefined);
    far.on('message', (data: RawData) => {
      const frame = (data as Buffer).toString();
      seen.server.push(frame);
      for (const changed of change.toClient(frame, numbers.server++)) near.send(changed);
    });
    const ended = (end: WebSocket) => (code: number) => end.close(code === 1005 || code === 1006 ? 1011 : code);
    near.on('close', ended(far));
    far.on('close', ended(near));
    near.on('error', () => undefined);
  });
  onTestFinished(() => {
    for (const end of server.clients) end.terminate();
    server.close();
  });
  const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}/ws/agent`;
  return { url, seen, change, connections: () => connections };
}

/** A socket that has agreed on keys. */
async function agreed(url: string, pin: string, protocols: string[]) {
  const socket = new WebSocket(url, protocols);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const peer = new JosePeer();
  const answered = once(socket, 'message');
  socket.send(peer.hello([pin]));
  await peer.agree(String((await answered)[0]));
  return { socket, peer };
}

describe('encrypted messages', () => {
  it('carry questions, answers, a cancel and large messages, and a proxy reads none of it', async () => {
    const secret = 'the secret of the answer';
    const provider = createScriptedProvider([secret, 'x'.repeat(500_000)]);
    const { url, origin } = await startServer({
      provider,
      maxContextTokens: 1_000_000,
      encryption: { key, required: true },
    });
    const { url: through, seen } = await proxy(url);
    const agent = client(through, [(await publishedBy(origin)).kid]);
    const answer = await agent.stream(`my private question ${'漢🙂'.repeat(50_000)}`);
    expect(answer.text).toBe(`${secret}${'x'.repeat(500_000)}`);
    expect(await agent.ping()).toBeGreaterThan(0);
    // What the client would be known by goes into an encrypted message.
    expect(seen.offered).toEqual([`${ENCRYPTED},agent-ws.auth`]);
    const frames = [...seen.client.slice(1), ...seen.server.slice(1)];
    expect(frames.length).toBeGreaterThan(5);
    for (const frame of frames) {
      expect(frame).toMatch(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
      expect(Buffer.from(frame.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toMatch(
        /secret|private|"type"/,
      );
    }
  });

  it('can be cancelled in the middle of a stream', async () => {
    const provider = createScriptedProvider(['Once', new Promise(() => undefined)]);
    const { url, origin } = await startServer({ provider, encryption: { key } });
    const run = client(url, [await publishedBy(origin)]).stream('Count');
    await expect.poll(() => run.text).toBe('Once');
    await run.cancel();
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(provider.calls[0]?.signal.aborted).toBe(true);
  });

  it('are offered beside plain ones, unless they are required', async () => {
    const { url } = await startServer({ encryption: { key } });
    const plain = await TestClient.connect(url);
    expect(plain.socket.protocol).toBe('agent-ws.v1');
    await plain.close();
    const strict = await startServer({ encryption: { key, required: true } });
    expect(await TestClient.refused(strict.url)).toEqual({ code: 4426, reason: 'Encrypted messages are required' });
    expect(await TestClient.refused(strict.url, { negotiate: false })).toMatchObject({ code: 4426 });
    expect(strict.agent.connections.size).toBe(0);
  });

  it('never ask the authenticate hook about a client that must encrypt and does not', async () => {
    const authenticate = vi.fn(() => ({ id: 'me' }));
    const { url } = await startServer({ authenticate, encryption: { key, required: true } });
    expect(await TestClient.refused(url)).toMatchObject({ code: 4426 });
    expect(authenticate).not.toHaveBeenCalled();
  });

  it('are not given up by a client whose server does not encrypt', async () => {
    const { url, agent: server } = await startServer();
    const agent = client(url, ['b-a-Aq9l-0lxH8FR3jBS-XtnXDVYqEeH5ULLkE5aBg4']);
    await expect(agent.stream('Hi')).rejects.toMatchObject({ code: 'connection_closed', closeCode: 4426 });
    expect(server.connections.size).toBe(0);
    expect(agent.state).toBe('closed');
  });

  it('are not given up by a client whose proxy takes the offer away', async () => {
    const { url } = await startServer();
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'agent-ws.v1' });
    await once(server, 'listening');
    onTestFinished(() => server.close());
    const sent: string[] = [];
    server.on('connection', (near) => {
      near.on('message', (data: RawData) => void sent.push((data as Buffer).toString()));
      const far = new WebSocket(url, ['agent-ws.v1']);
      far.on('error', () => undefined);
      far.on('message', (data: RawData) => near.send((data as Buffer).toString()));
      near.on('close', () => far.terminate());
    });
    // Browsers and `ws` refuse a protocol that was not offered; others may not.
    class Trusting extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, [...protocols, 'agent-ws.v1']);
      }
    }
    const port = (server.address() as { port: number }).port;
    const agent = client(`ws://127.0.0.1:${port}`, ['b-a-Aq9l-0lxH8FR3jBS-XtnXDVYqEeH5ULLkE5aBg4'], {
      WebSocket: Trusting,
    });
    await expect(agent.stream('Hi')).rejects.toMatchObject({ closeCode: 4426 });
    expect(sent).toEqual([]);
  });

  it('end for good if the server does not have the pinned key', async () => {
    const { url } = await startServer({ encryption: { key } });
    const { origin } = await startServer({ encryption: { key: otherKey } });
    const agent = client(url, [(await publishedBy(origin)).kid]);
    await expect(agent.stream('Hi')).rejects.toMatchObject({ code: 'connection_closed', closeCode: 4421 });
  });

  it('are not sent to a proxy that has a key of its own', async () => {
    const { origin } = await startServer({ encryption: { key } });
    const mine = await startServer({ encryption: { key: otherKey } });
    const [pinned, forged] = [(await publishedBy(origin)).kid, (await publishedBy(mine.origin)).kid];
    // It puts itself between client and server: the client's pins become its own.
    const { url: through, seen, change } = await proxy(mine.url);
    change.toServer = (frame) => [frame.replaceAll(pinned, forged)];
    const agent = client(through, [pinned]);
    await expect(agent.stream('my private question')).rejects.toMatchObject({ closeCode: 4421 });
    expect(seen.client).toHaveLength(1);
  });

  it('are not sent to a proxy that claims the pinned key without holding it', async () => {
    const { origin } = await startServer({ encryption: { key } });
    const mine = await startServer({ encryption: { key: otherKey } });
    const [pinned, forged] = [await publishedBy(origin), await publishedBy(mine.origin)];
    const { url: through, seen, change } = await proxy(mine.url);
    change.toServer = (frame) => [frame.replaceAll(pinned.kid, forged.kid)];
    change.toClient = (frame) => [frame.replace(forged.x, pinned.x).replace(forged.y, pinned.y)];
    const agent = client(through, [pinned.kid]);
    await expect(agent.stream('my private question')).rejects.toMatchObject({ closeCode: 4421 });
    // The key for the connection, and a first message that the proxy cannot read.
    expect(seen.client).toHaveLength(2);
    expect(seen.client.join()).not.toContain('private');
  });

  it('accept any of several pins, and any of several keys, while keys are exchanged', async () => {
    const { origin } = await startServer({ encryption: { key } });
    const earlier = (await publishedBy(origin)).kid;
    const both = await startServer({ encryption: { key: [otherKey, key] } });
    const { kid } = await publishedBy(both.origin);
    expect(kid).not.toBe(earlier);
    expect((await client(both.url, [earlier]).stream('Hi')).text).toBe('Hello');
    expect((await client(both.url, [earlier, kid]).stream('Hi')).text).toBe('Hello');
  });

  const flip = (frame: string): string => frame.slice(0, -1) + (frame.endsWith('A') ? 'Q' : 'A');
  /** What is forwarded in place of a frame and the one after it. */
  type Attack = (frame: string, next: string) => readonly string[];
  it.each<[string, Attack]>([
    ['changes one', (frame, next) => [flip(frame), next]],
    ['repeats one', (frame, next) => [frame, frame, next]],
    ['leaves one out', (_frame, next) => [next]],
    ['cuts one off', (frame, next) => [frame.slice(0, -30), next]],
    ['adds one', (frame, next) => [frame, '{"type":"stream_chunk","content":"forged"}', next]],
    ['exchanges two', (frame, next) => [next, frame]],
  ])('are closed if a proxy %s, and the answer is complete', async (_what, attack) => {
    const held: string[] = [];
    const words = Array.from({ length: 20 }, (_, index) => `word ${index} `);
    const { url, origin } = await startServer({ provider: createScriptedProvider(words), encryption: { key } });
    const through = await proxy(url);
    through.change.toClient = (frame, number) => {
      if ((number !== 4 && number !== 5) || held.length === 2) return [frame];
      held.push(frame);
      const [first, second] = held;
      return first === undefined || second === undefined ? [] : attack(first, second);
    };
    const agent = client(through.url, [(await publishedBy(origin)).kid]);
    const answers = [await agent.stream('One'), await agent.stream('Two'), await agent.stream('Three')];
    for (const { text } of answers) expect(text).toBe(words.join(''));
    expect(through.connections()).toBe(2);
  });

  it('are closed with 4422 if a proxy repeats one of the client', async () => {
    const { url, origin, agent: server } = await startServer({ encryption: { key } });
    const closes: number[] = [];
    server.connections.on('disconnect', (_connection, { code }) => closes.push(code));
    const through = await proxy(url);
    let repeated = false;
    through.change.toServer = (frame, number) => {
      // The question: what comes before the first answer of the server looks like a server without the key.
      if (number !== 2 || repeated) return [frame];
      repeated = true;
      return [frame, frame];
    };
    const agent = client(through.url, [(await publishedBy(origin)).kid]);
    expect((await agent.stream('Hi')).text).toBe('Hello');
    await vi.waitFor(() => expect(closes).toContain(4422));
  });

  it('are understood by jose, and jose by the server', async () => {
    const { url, origin } = await startServer({ encryption: { key } });
    const { kid } = await publishedBy(origin);
    const socket = new WebSocket(url, [ENCRYPTED]);
    onTestFinished(() => socket.terminate());
    const frames: string[] = [];
    socket.on('message', (data: RawData) => void frames.push((data as Buffer).toString()));
    await once(socket, 'open');
    const peer = new JosePeer();
    socket.send(peer.hello([kid]));
    await vi.waitFor(() => expect(frames).toHaveLength(2));
    expect(await peer.agree(frames[0] ?? '')).toBe(kid);
    expect(JSON.parse(await peer.open(frames[1] ?? ''))).toMatchObject({ type: 'connected', protocol: 'agent-ws.v1' });
    socket.send(await peer.seal('{"type":"ping"}'));
    peer.epoch = 1;
    socket.send(await peer.seal('{"type":"ping","request_id":"later key"}'));
    await vi.waitFor(() => expect(frames).toHaveLength(4));
    expect(JSON.parse(await peer.open(frames[2] ?? ''))).toMatchObject({ type: 'pong' });
    expect(JSON.parse(await peer.open(frames[3] ?? ''))).toMatchObject({ type: 'pong', request_id: 'later key' });
  });

  it('have the limit of plain ones', async () => {
    const { url, origin } = await startServer({ encryption: { key }, maxMessageBytes: 2_000 });
    const { kid } = await publishedBy(origin);
    const agent = client(url, [kid]);
    await agent.connect();
    const ask = (length: number) => agent.stream('x'.repeat(length));
    expect((await ask(1_700)).text).toBe('Hello');
    await expect(ask(2_000)).rejects.toMatchObject({ code: 'message_too_big' });
    const socket = new WebSocket(url, [ENCRYPTED]);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send('x'.repeat(4_000));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  it('carry the longest token, and not much more, before it is known who the client is', async () => {
    const { url, origin } = await startServer({
      encryption: { key },
      authenticate: (request) => ({ id: `of-${tokenOf(request)?.length}` }),
    });
    const { kid } = await publishedBy(origin);
    const agent = client(url, [kid], { token: () => 'a'.repeat(4_000) });
    await agent.connect();
    expect(agent.greeting?.principalId).toBe('of-4000');
    const { socket, peer } = await agreed(url, kid, [ENCRYPTED, 'agent-ws.auth']);
    socket.send(await peer.seal(JSON.stringify({ type: 'auth', token: 'a'.repeat(4_500) })));
    expect((await once(socket, 'close'))[0]).toBe(1009);
    const tooLong = client(url, [kid], { token: () => 'a'.repeat(4_001), maxAttempts: 1 });
    const why = expect.stringContaining('at most 4000') as string;
    await expect(tooLong.connect()).rejects.toMatchObject({ code: 'token_failed', cause: { message: why } });
  });

  it('are not accepted of a client that was revoked before it agreed on keys', async () => {
    const asked = vi.fn((request: IncomingMessage) => ({ id: tokenOf(request) ?? '' }));
    const { url, origin, agent } = await startServer({ encryption: { key }, authenticate: asked });
    const { kid } = await publishedBy(origin);
    const socket = new WebSocket(url, [ENCRYPTED, 'mallory']);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    expect(asked).toHaveBeenCalledTimes(1);
    expect(agent.revoke('mallory')).toBe(0);
    const closed = once(socket, 'close');
    socket.send(new JosePeer().hello([kid]));
    expect((await closed)[0]).toBe(4401);
    expect(agent.connections.totalConnections).toBe(0);
  });

  it('release the place of a client that leaves during the agreement, and end with the service', async () => {
    const { url, agent } = await startServer({ encryption: { key }, maxConnections: 1 });
    const leaving = new WebSocket(url, [ENCRYPTED]);
    await once(leaving, 'open');
    expect(await TestClient.refused(url)).toMatchObject({ code: 1013 });
    leaving.terminate();
    await vi.waitFor(async () => (await TestClient.connect(url)).close());
    await vi.waitFor(() => expect(agent.connections.size).toBe(0));
    const waiting = new WebSocket(url, [ENCRYPTED]);
    await once(waiting, 'open');
    const closed = once(waiting, 'close');
    await agent.close();
    expect((await closed)[0]).toBe(1001);
  });

  it('use the keys that replaced the first ones, if these are keys', async () => {
    const { agent, url, origin } = await startServer({ encryption: { key } });
    const { kid } = await publishedBy(origin);
    agent.replaceMessageKey(otherKey);
    expect(() => agent.replaceMessageKey('no key')).toThrow(/"encryption\.key" must be a private key/);
    const other = await publishedBy(origin);
    expect(other.kid).not.toBe(kid);
    expect((await client(url, [other.kid]).stream('Hi')).text).toBe('Hello');
    await expect(client(url, [kid]).connect()).rejects.toThrow();
    const plain = await startServer();
    expect(() => plain.agent.replaceMessageKey(key)).toThrow(/"encryption" must be given/);
  });
});
