import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { createMemoryStore, type AgentSocketServerOptions, type Principal } from '../../../src/index.js';
import { APPEND_EVENT } from '../../../src/stores/redis/scripts/rooms.js';
import { TestClient } from '../../../src/testing/index.js';
import { missingRedis, redisServerOfFile } from '../../helpers/redis.js';
import { openRedisStore } from '../../helpers/redis-store.js';
import { startServer } from '../../helpers/server.js';

/** A server with its rooms in Redis. */
interface TestNode {
  readonly rooms: Awaited<ReturnType<typeof startServer>>['agent']['rooms'];
  connect(user: string): Promise<TestClient>;
  join(user: string): Promise<TestClient>;
}

async function start(url: string, keyPrefix: string, options: Partial<AgentSocketServerOptions>): Promise<TestNode> {
  const { rooms } = await openRedisStore(url, { keyPrefix });
  const server = await startServer({
    authenticate: ({ headers }): Principal => ({ id: String(headers['x-user']), name: String(headers['x-user']) }),
    store: { ...createMemoryStore(), rooms },
    logger: false,
    ...options,
  });
  const connect = (user: string) => TestClient.connect(server.url, { headers: { 'x-user': user } });
  const join = async (user: string) => {
    const client = await connect(user);
    client.send({ type: 'join', room: 'r' });
    await client.next('room_joined');
    return client;
  };
  return { rooms: server.agent.rooms, connect, join };
}

// No test runs beside another one, so that a test may kill it.
const redis = redisServerOfFile();

async function startTwo(options: Partial<AgentSocketServerOptions> = {}) {
  const keyPrefix = randomUUID();
  const [a, b] = [await start(redis.url, keyPrefix, options), await start(redis.url, keyPrefix, options)];
  return { a, b };
}

async function say(client: TestClient, content: string, message: object = {}): Promise<number> {
  const since = client.messages.length;
  client.send({ type: 'room_message', room: 'r', content, ...message });
  return (await client.next('room_published', undefined, since)).position;
}

function events(client: TestClient): string[] {
  return client.messages.flatMap((message) =>
    message.type === 'room_event' ? [`${message.seq} ${message.content}`] : [],
  );
}

/** The members that a client knows, and how many there are. */
function present(client: TestClient): string {
  const names = new Map<string, string>();
  let members = 0;
  for (const message of client.messages) {
    if (message.type !== 'presence') continue;
    members = message.count;
    if (message.full === true) names.clear();
    for (const id of message.left ?? []) names.delete(id);
    for (const { member_id: id, name, state } of message.members)
      names.set(id, state === undefined ? name : `${name} ${state}`);
  }
  return `${members}: ${[...names.values()].sort().join(', ')}`;
}

describe.skipIf(missingRedis() !== '')(`A room at two nodes${missingRedis()}`, () => {
  it('has one order of what is said, each event once', async () => {
    const { a, b } = await startTwo();
    const clients = [await a.join('ada'), await b.join('bob')];
    for (let count = 0; count < 5; count++) {
      for (const client of clients) client.send({ type: 'room_message', room: 'r', content: `${count}` });
    }
    for (const client of clients) await expect.poll(() => events(client).length).toBe(10);
    const [ada = [], bob = []] = clients.map(events);
    expect(ada).toEqual(bob);
    expect(ada.map((event) => event.split(' ')[0])).toEqual(Array.from({ length: 10 }, (_, index) => `${index + 1}`));
    const late = await b.join('late');
    await expect.poll(() => events(late)).toEqual(ada);
  });

  it('says nothing twice that a client repeats at another node', async () => {
    const { a, b } = await startTwo();
    const [ada, moved] = [await a.join('ada'), await b.join('ada')];
    const told: unknown[] = [];
    for (const { rooms } of [a, b]) rooms.on('message', (_, { content }) => told.push(content));
    const messageId = randomUUID();
    expect(await say(ada, 'once', { message_id: messageId })).toBe(1);
    expect(await say(moved, 'once', { message_id: messageId })).toBe(1);
    expect(await say(moved, 'then')).toBe(2);
    for (const client of [ada, moved]) await expect.poll(() => events(client)).toEqual(['1 once', '2 then']);
    expect(told).toEqual(['once', 'then']);
    // At the same moment, when neither node knows of the other's.
    for (let i = 0; i < 3; i++) {
      const message_id = randomUUID();
      await Promise.all([ada, moved].map((client) => say(client, `${i}`, { message_id })));
    }
    expect(told.slice(2)).toEqual(['0', '1', '2']);
  });

  it('tells once of a message whose answer is lost, and counts it once', async () => {
    const { a, b } = await startTwo();
    const [ada, bob] = [await a.join('ada'), await b.join('bob')];
    const told: unknown[] = [];
    for (const { rooms } of [a, b]) rooms.on('message', (_, { content }) => told.push(content));
    const room = a.rooms.get('r');
    if (room === undefined) throw new Error('The room is not open');
    const countedAgain = vi.spyOn(room, 'takeElsewhere');
    vi.spyOn(APPEND_EVENT, 'run').mockImplementationOnce(async (...given) => {
      await APPEND_EVENT.run(...given);
      await expect.poll(() => events(bob)).toEqual(['1 hello']);
      // Its node reads this one, and its own event with it, before it knows that it has added it.
      await b.rooms.publish('r', { content: 'between' });
      await expect.poll(() => events(ada)).toEqual(['1 hello', '2 between']);
      throw new Error('The socket is closed');
    });
    expect(await say(ada, 'hello')).toBe(1);
    expect(told).toEqual(['between', 'hello']);
    expect(countedAgain).not.toHaveBeenCalled();
    expect(events(bob)).toEqual(['1 hello', '2 between']);
  });

  it('tells once of a message whose answer is lost before its node reads it', async () => {
    const { a, b } = await startTwo();
    const bob = await b.join('bob');
    const told: unknown[] = [];
    a.rooms.on('message', (_, { content }) => told.push(content));
    vi.spyOn(APPEND_EVENT, 'run').mockImplementationOnce(async (...given) => {
      await APPEND_EVENT.run(...given);
      throw new Error('The socket is closed');
    });
    expect(await a.rooms.publish('r', { content: 'hello' })).toMatchObject({ seq: 1 });
    expect(told).toEqual(['hello']);
    await expect.poll(() => events(bob)).toEqual(['1 hello']);
  });

  it('shows everybody who comes, changes and goes', async () => {
    const { a, b } = await startTwo();
    const ada = await a.join('ada');
    const bob = await b.join('bob');
    for (const client of [ada, bob]) await expect.poll(() => present(client)).toBe('2: ada, bob');
    bob.send({ type: 'presence', room: 'r', state: 'typing' });
    await expect.poll(() => present(ada)).toBe('2: ada, bob typing');
    const late = await a.join('carl');
    await expect.poll(() => present(late)).toBe('3: ada, bob typing, carl');
    expect(b.rooms.members('r').map(({ name }) => name)).toEqual(expect.arrayContaining(['ada', 'bob']));
    await bob.close();
    for (const client of [ada, late]) await expect.poll(() => present(client)).toBe('2: ada, carl');
  });

  it('shows a principal with connections at both as one member', async () => {
    const { a, b } = await startTwo();
    const seen: string[] = [];
    for (const { rooms } of [a, b]) {
      rooms.on('join', (_, { name }) => seen.push(`+${name}`));
      rooms.on('leave', (_, { name }) => seen.push(`-${name}`));
    }
    const bob = await a.join('bob');
    const first = await a.join('ada');
    await expect.poll(() => present(bob)).toBe('2: ada, bob');
    const second = await b.join('ada');
    await expect.poll(() => present(second)).toBe('2: ada, bob');
    second.send({ type: 'presence', room: 'r', state: 'typing' });
    for (const client of [bob, first, second]) await expect.poll(() => present(client)).toBe('2: ada typing, bob');
    await expect
      .poll(() => a.rooms.members('r'))
      .toEqual(expect.arrayContaining([expect.objectContaining({ name: 'ada', state: 'typing' })]));
    await first.close();
    second.send({ type: 'presence', room: 'r', state: 'idle' });
    await expect.poll(() => present(bob)).toBe('2: ada, bob');
    await second.close();
    await expect.poll(() => present(bob)).toBe('1: bob');
    expect(seen).toEqual(['+bob', '+ada', '-ada']);
  });

  it('takes no more connections than a room may have, at whatever node', async () => {
    const { a, b } = await startTwo({ maxRoomMembers: 2 });
    const [ada, bob] = [await a.join('ada'), await b.join('bob')];
    for (const client of [ada, bob]) await expect.poll(() => present(client)).toBe('2: ada, bob');
    const carl = await b.connect('carl');
    carl.send({ type: 'join', room: 'r' });
    expect((await carl.next('error')).code).toBe('room_full');
  });

  it('lets nobody say more because of a second node', async () => {
    const { a, b } = await startTwo({ roomMemberRate: 3 });
    const [first, second] = [await a.join('ada'), await b.join('ada')];
    for (let count = 1; count <= 3; count++) await say(first, `${count}`);
    await expect.poll(() => events(second).length).toBe(3);
    second.send({ type: 'room_message', room: 'r', content: 'more' });
    expect((await second.next('error')).code).toBe('rate_limited');
  });

  it('is left at all nodes by whom the server takes out', async () => {
    const { a, b } = await startTwo();
    const clients = [await a.join('ada'), await b.join('ada')];
    const bob = await b.join('bob');
    await expect.poll(() => a.rooms.members('r').length).toBe(2);
    expect(a.rooms.remove('r', 'ada')).toBe(2);
    for (const client of clients) await client.next('room_left');
    await expect.poll(() => present(bob)).toBe('1: bob');
    expect(a.rooms.size).toBe(0);
    expect(a.rooms.remove('r', 'bob')).toBe(0);
    await bob.next('room_left');
  });

  it('misses nothing while nothing is delivered', async () => {
    const { a, b } = await startTwo();
    const [ada, bob] = [await a.join('ada'), await b.join('bob')];
    await say(ada, 'before');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await say(ada, 'after');
    await expect.poll(() => events(bob), { timeout: 10_000 }).toEqual(['1 before', '2 after']);
    const carl = await a.join('carl');
    for (const client of [ada, bob, carl])
      await expect.poll(() => present(client), { timeout: 10_000 }).toBe('3: ada, bob, carl');
  });

  it('goes on after Redis was restarted', async () => {
    const { a, b } = await startTwo();
    const [ada, bob] = [await a.join('ada'), await b.join('bob')];
    await say(ada, 'before');
    await redis.kill();
    const saying = say(ada, 'after');
    await redis.restart();
    expect(await saying).toBe(2);
    await expect.poll(() => events(bob), { timeout: 20_000 }).toEqual(['1 before', '2 after']);
  });

  it('lets clients join anew if Redis has lost it', async () => {
    const { a, b } = await startTwo();
    const [ada, bob] = [await a.join('ada'), await b.join('bob')];
    await say(ada, 'lost');
    await expect.poll(() => events(bob)).toEqual(['1 lost']);
    await redis.call('FLUSHALL');
    ada.send({ type: 'room_message', room: 'r', content: 'refused' });
    await ada.closed;
    const again = await a.join('ada');
    expect(await say(again, 'new')).toBe(1);
    expect(events(again)).toEqual(['1 new']);
  });
});
