import { describe, expect, it, onTestFinished } from 'vitest';
import { createServer } from 'node:http';
import { WebSocket } from 'ws';
import { createAgentSocketServer, type AgentSocketServerOptions } from '../../src/index.js';
import { createAgentClient, type AgentClient, type ClientRoom } from '../../src/client/index.js';
import { createRandom, createScriptedProvider } from '../../src/testing/index.js';
import { openStore, temporaryDatabase } from '../helpers/sqlite.js';
import { startServer } from '../helpers/server.js';

let users = 0;

async function start(options: Partial<AgentSocketServerOptions> = {}) {
  const server = await startServer({
    authenticate: ({ url = '' }) => ({ id: url.split('?').at(-1) ?? url }),
    roomMemberRate: 1e6,
    roomRate: 1e6,
    ...options,
  });
  return { ...server, client: () => newClient(server.url) };
}

/** A client that is the same principal on every connection. */
function newClient(url: string): AgentClient {
  const client = createAgentClient({ url: `${url}?user=${++users}`, WebSocket, backoff: { baseMs: 1, capMs: 20 } });
  onTestFinished(() => client.close());
  return client;
}

/** What a client has of a room. Fails as soon as something is missing, comes twice or out of order. */
class Reader {
  readonly room: ClientRoom;
  contents: string[] = [];
  losses = 0;
  problem = '';
  #next: number | undefined;

  constructor(room: ClientRoom) {
    this.room = room;
    room.on('lost', () => {
      this.losses++;
      this.contents = [];
      this.#next = undefined;
    });
    room.on('message', ({ seq, content = '' }) => {
      if (this.#next !== undefined && seq !== this.#next) this.problem = `${seq} after ${this.#next - 1}`;
      this.#next = seq + 1;
      this.contents.push(content);
    });
  }
}

describe('client.room', () => {
  it('says and hears, and knows who is there', async () => {
    const { client } = await start();
    const [ada, bob] = [client().room('r'), client().room('r')];
    const reader = new Reader(bob);
    await Promise.all([ada.join({ name: 'Ada' }), bob.join({ name: 'Bob', data: { color: 'teal' } })]);
    expect(await ada.publish('hello')).toBe(1);
    expect(await bob.publish({ data: { a: 1 } })).toBe(2);
    await expect.poll(() => reader.contents).toEqual(['hello', '']);
    await expect.poll(() => ada.members.map(({ name }) => name).sort()).toEqual(['Ada', 'Bob']);
    expect(ada.members.find(({ memberId }) => memberId === bob.memberId)?.data).toEqual({ color: 'teal' });
    bob.setState('typing');
    await expect.poll(() => ada.members.find(({ name }) => name === 'Bob')?.state).toBe('typing');
    bob.leave();
    await expect.poll(() => ada.members.map(({ name }) => name)).toEqual(['Ada']);
    expect(bob.state).toBe('left');
    await expect(bob.publish('x')).rejects.toMatchObject({ code: 'room_not_joined' });
  });

  it('asks where all see the answer, and stops, reads again and lists it', async () => {
    const provider = createScriptedProvider(['Hello ', 'all'], ['one', new Promise<void>(() => undefined)]);
    const { client } = await start({ provider });
    const [ada, bob] = [client().room('r'), client().room('r')];
    await Promise.all([ada.join({ name: 'Ada' }), bob.join({ name: 'Bob' })]);
    const seen: { text: string; name: string | undefined; query: string }[] = [];
    bob.on('run', ({ run, from, query }) => void run.then(({ text }) => seen.push({ text, name: from?.name, query })));
    expect((await ada.stream('hi')).text).toBe('Hello all');
    await expect.poll(() => seen).toEqual([{ text: 'Hello all', name: 'Ada', query: 'hi' }]);
    const { messages } = await bob.history();
    expect(messages.map(({ name, content }) => [name, content])).toEqual([
      ['Ada', 'hi'],
      [undefined, 'Hello all'],
    ]);
    const question = new Promise<string>((resolve) => {
      ada.on('run', ({ run }) => void run.cancel());
      bob.on('message', ({ run }) => run !== undefined && resolve(run.runId));
    });
    const run = bob.stream('again');
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(await question).toBe(run.id);
    await expect(client().room('r').resume(run.id)).rejects.toMatchObject({ code: 'room_not_joined' });
    await expect(ada.resume(run.id)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('continues a run of the room after a loss', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { client, agent } = await start({ provider: createScriptedProvider(['one ', held, 'two']) });
    const ada = client().room('r');
    await ada.join();
    const run = ada.stream('hi');
    await expect.poll(() => run.text).toBe('one ');
    for (const connection of agent.connections) connection.terminate();
    await expect.poll(() => agent.connections.size).toBe(1);
    release();
    expect((await run).text).toBe('one two');
  });

  it('goes on after a restart of the server, and says nothing twice', async () => {
    const path = temporaryDatabase();
    const store = await openStore({ path });
    const first = await start({ store });
    const client = newClient(first.url);
    const room = client.room('r');
    const reader = new Reader(room);
    await room.join();
    await room.publish('a');
    await first.agent.close();
    await store.close();
    const { agent, server } = await restart(await openStore({ path }), first.port);
    await expect.poll(() => room.state, { timeout: 20_000 }).toBe('joined');
    await agent.rooms.publish('r', { content: 'b' });
    expect(await room.publish('c')).toBe(3);
    await expect.poll(() => reader.contents).toEqual(['a', 'b', 'c']);
    expect(reader.losses).toBe(0);
    client.close();
    await agent.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));

    async function restart(reopened: typeof store, port: number) {
      await new Promise((resolve) => {
        first.http.closeAllConnections();
        first.http.close(resolve);
      });
      const server = createServer();
      const agent = createAgentSocketServer({ server, provider: createScriptedProvider(['x']), store: reopened });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      return { agent, server };
    }
  });

  it.each([1, 2, 3, 4])('leaves no hole and repeats nothing, whatever breaks (schedule %i)', async (seed) => {
    const random = createRandom(seed + Number(process.env['TEST_SEED'] ?? 0));
    const { client, agent } = await start({ maxRoomEvents: seed % 2 === 0 ? 5 : 1_000 });
    // An empty room that everybody has left is forgotten, and made anew: then everybody has lost it.
    await agent.rooms.publish('r', { content: 'begin' });
    const readers = Array.from({ length: 6 }, () => new Reader(client().room('r')));
    const published: string[] = [];
    const pending: Promise<unknown>[] = [];
    await Promise.all(readers.map(({ room }) => room.join()));
    for (let step = 0; step < 150; step++) {
      const reader = random.pick(readers);
      const action = random.int(0, 9);
      if (action < 6) {
        const content = `m${step}`;
        pending.push(
          reader.room.publish(content).then(
            () => published.push(content),
            () => undefined,
          ),
        );
      } else if (action < 8) {
        if (agent.connections.size > 0) random.pick([...agent.connections]).terminate();
      } else if (reader.room.state === 'left') pending.push(reader.room.join().catch(() => undefined));
      else reader.room.leave();
      if (random.int(0, 2) === 0) await new Promise((resolve) => setTimeout(resolve, random.int(0, 4)));
    }
    for (const { room } of readers) if (room.state === 'left') await room.join();
    await Promise.all(pending);
    const { seq } = await agent.rooms.publish('r', { content: 'end' });
    for (const reader of readers) await expect.poll(() => reader.room.seq, { timeout: 20_000 }).toBe(seq);
    expect(readers.map(({ problem }) => problem)).toEqual(readers.map(() => ''));
    for (const { contents } of readers) {
      expect(contents.at(-1)).toBe('end');
      expect(new Set(contents).size).toBe(contents.length);
    }
    // Whoever has lost nothing has everything.
    const whole = readers.filter(({ losses }) => losses === 0);
    for (const { contents } of whole) expect(contents).toEqual(expect.arrayContaining(published));
    if (seed % 2 !== 0) expect(whole.length).toBe(readers.length);
  });
});
