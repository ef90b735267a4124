import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { AgentSocketServerOptions, LlmProvider, Principal } from '../../src/index.js';
import { defineTool } from '../../src/index.js';
import type { ServerMessageOf } from '../../src/protocol/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { z } from 'zod';
import { openStore, temporaryDatabase } from '../helpers/sqlite.js';
import { startServer } from '../helpers/server.js';

/** Each value of the header is a principal; one that begins with a capital letter has it as its name. */
const byHeader = ({ headers }: IncomingMessage): Principal => {
  const id = headers['x-user']?.toString() ?? 'nobody';
  return /^[A-Z]/.test(id) ? { id, name: id } : { id };
};

async function start(options: Partial<AgentSocketServerOptions> = {}) {
  const server = await startServer({ authenticate: byHeader, ...options });
  return {
    ...server,
    connect: (user = 'Ada') => TestClient.connect(server.url, { headers: { 'x-user': user } }),
    join: async (user: string, join: object = {}) => {
      const client = await TestClient.connect(server.url, { headers: { 'x-user': user } });
      await joined(client, join);
      return client;
    },
  };
}

async function joined(client: TestClient, join: object = {}): Promise<ServerMessageOf<'room_joined'>> {
  const since = client.messages.length;
  client.send({ type: 'join', room: 'r', ...join });
  return client.next('room_joined', undefined, since);
}

async function say(client: TestClient, content: string): Promise<ServerMessageOf<'room_published'>> {
  const since = client.messages.length;
  client.send({ type: 'room_message', room: 'r', content });
  return client.next('room_published', undefined, since);
}

async function refusal(client: TestClient, message: object): Promise<string> {
  const since = client.messages.length;
  client.send(message as never);
  return (await client.next('error', undefined, since)).code;
}

function events(client: TestClient): string[] {
  return client.messages.flatMap((message) =>
    message.type === 'room_event' ? [`${message.seq} ${message.content}`] : [],
  );
}

/** The members that a client knows, from the messages it has got. */
function present(client: TestClient): string[] {
  const names = new Map<string, string>();
  for (const message of client.messages) {
    if (message.type !== 'presence') continue;
    if (message.full === true) names.clear();
    for (const id of message.left ?? []) names.delete(id);
    for (const { member_id: id, name, state } of message.members)
      names.set(id, state === undefined ? name : `${name} ${state}`);
  }
  return [...names.values()].sort();
}

describe('What is said in a room', () => {
  const message = {
    type: 'room_message',
    room: 'r',
    content: 'x',
    message_id: '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d',
  } as const;

  it('reaches every member once and in order, with who said it', async () => {
    const { join } = await start();
    const [ada, bob] = [await join('Ada'), await join('bob', { name: 'Bobby' })];
    for (let count = 1; count <= 5; count++) await say(count % 2 === 0 ? ada : bob, `m${count}`);
    await bob.next('room_event', ({ seq }) => seq === 5);
    expect(events(bob)).toEqual(['1 m1', '2 m2', '3 m3', '4 m4', '5 m5']);
    await expect.poll(() => events(ada)).toEqual(events(bob));
    const names = bob.messages.flatMap((message) => (message.type === 'room_event' ? [message.from?.name] : []));
    expect(names).toEqual(['Bobby', 'Ada', 'Bobby', 'Ada', 'Bobby']);
  });

  it('reaches no other room, nobody who has left, and nobody of the documented core', async () => {
    const { join, url } = await start();
    const [ada, bob, carl] = [await join('Ada'), await join('Bob'), await join('Carl', { room: 'other' })];
    bob.send({ type: 'leave', room: 'r' });
    await bob.next('room_left');
    const core = await TestClient.connect(url, { negotiate: false });
    expect(await refusal(core, { type: 'join', room: 'r' })).toBe('unknown_type');
    await say(ada, 'hello');
    for (const client of [bob, carl, core]) {
      client.send({ type: 'ping' });
      await client.next('pong');
      expect(events(client)).toEqual([]);
    }
    expect(await refusal(bob, { type: 'room_message', room: 'r', content: 'x' })).toBe('room_not_joined');
  });

  it('is told to those who come later, and said by the server too', async () => {
    const { join, agent } = await start();
    await agent.rooms.publish('r', { content: 'welcome', data: { a: [1] } });
    const ada = await join('Ada');
    const event = await ada.next('room_event');
    expect(event).toMatchObject({ content: 'welcome', data: { a: [1] }, seq: 1 });
    expect(event.from).toBeUndefined();
  });

  it('is not said twice if it is repeated', async () => {
    const { join } = await start();
    const [ada, bob] = [await join('Ada'), await join('Bob')];
    ada.send(message);
    ada.send(message);
    await expect.poll(() => ada.messages.filter(({ type }) => type === 'room_published').length).toBe(2);
    // The same id of another member is another message.
    bob.send(message);
    await bob.next('room_published', ({ position }) => position === 2);
    await expect.poll(() => events(ada)).toEqual(['1 x', '2 x']);
  });

  it('is not said twice if it is repeated after everybody had left, and the log has lost it', async () => {
    const { join, agent } = await start({ maxRoomEvents: 1 });
    const ada = await join('Ada');
    ada.send(message);
    await ada.next('room_published');
    await agent.rooms.publish('r', { content: 'later' });
    await ada.close();
    await expect.poll(() => agent.connections.size).toBe(0);
    const again = await join('Ada');
    again.send(message);
    expect(await again.next('room_published')).toMatchObject({ position: 1 });
    expect(await agent.rooms.publish('r', { content: 'newest' })).toMatchObject({ seq: 3 });
  });
});

describe('Rejoining', () => {
  it('goes on where the client was', async () => {
    const { join, connect } = await start();
    const ada = await join('Ada');
    const { epoch } = await joined(ada);
    for (const content of ['a', 'b', 'c']) await say(ada, content);
    const again = await connect();
    expect(await joined(again, { after: 1, epoch })).toMatchObject({ after: 1, head: 3, recovered: true });
    await again.next('room_event', ({ seq }) => seq === 3);
    expect(events(again)).toEqual(['2 b', '3 c']);
  });

  it.each([
    ['was dropped', { after: 1 }],
    ['is of another log', { after: 4, epoch: 'other' }],
    ['has no log', { after: 4, epoch: undefined }],
    ['is ahead of the log', { after: 9 }],
  ])('says that it is not whole if the position %s, and sends all that is kept', async (_, given) => {
    const { join, connect } = await start({ maxRoomEvents: 2 });
    const ada = await join('Ada');
    const { epoch } = await joined(ada);
    for (const content of ['a', 'b', 'c', 'd']) await say(ada, content);
    const again = await connect();
    expect(await joined(again, { epoch, ...given })).toMatchObject({ after: 2, head: 4, recovered: false });
    await again.next('room_event', ({ seq }) => seq === 4);
    expect(events(again)).toEqual(['3 c', '4 d']);
  });

  it('survives a restart with SQLite: log, identity and what was said already', async () => {
    const path = temporaryDatabase();
    const message = {
      type: 'room_message',
      room: 'r',
      content: 'b',
      message_id: '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d',
    } as const;
    const store = await openStore({ path });
    const first = await start({ store });
    const ada = await first.join('Ada');
    const { epoch, member_id: memberId } = await joined(ada);
    await say(ada, 'a');
    ada.send(message);
    await ada.next('room_published', ({ position }) => position === 2);
    await first.agent.close();
    await store.close();
    const second = await start({ store: await openStore({ path }) });
    const again = await second.connect();
    expect(await joined(again, { after: 1, epoch })).toMatchObject({ epoch, recovered: true, member_id: memberId });
    again.send(message);
    await again.next('room_published', ({ position }) => position === 2);
    await say(again, 'c');
    await again.next('room_event', ({ seq }) => seq === 3);
    expect(events(again)).toEqual(['2 b', '3 c']);
  });

  it('tells a client that reads too slowly what the log dropped meanwhile', async () => {
    const { join, agent } = await start({ maxRoomEvents: 4, backpressureBytes: 1, roomRate: 1e6 });
    const slow = await join('Slow');
    slow.socket.pause();
    const content = 'x'.repeat(12_000);
    for (let count = 0; count < 2_000; count++) await agent.rooms.publish('r', { content });
    slow.socket.resume();
    await slow.next('room_event', ({ seq }) => seq === 2_000);
    let position = 0;
    let lost = 0;
    for (const message of slow.messages) {
      if (message.type === 'room_joined') {
        if (message.recovered === false) lost++;
        position = message.after;
      } else if (message.type === 'room_event') expect(message.seq).toBe(++position);
    }
    expect(lost).toBeGreaterThan(0);
    expect(position).toBe(2_000);
  });
});

describe('Presence', () => {
  it('shows who comes, changes and goes, to those there and to those who come', async () => {
    const { join, agent } = await start();
    const ada = await join('Ada', { data: { color: 'teal' } });
    const bob = await join('bob', { name: 'Bobby' });
    for (const client of [ada, bob]) await expect.poll(() => present(client)).toEqual(['Ada', 'Bobby']);
    bob.send({ type: 'presence', room: 'r', state: 'typing' });
    for (const client of [ada, bob]) await expect.poll(() => present(client)).toEqual(['Ada', 'Bobby typing']);
    expect(agent.rooms.members('r').map(({ name, state, data }) => [name, state, data])).toEqual([
      ['Ada', 'idle', { color: 'teal' }],
      ['Bobby', 'typing', undefined],
    ]);
    bob.socket.terminate();
    await expect.poll(() => present(ada)).toEqual(['Ada']);
    expect(events(ada)).toEqual([]);
  });

  it('counts two tabs as one person', async () => {
    const { join, agent } = await start();
    const ada = await join('Ada');
    const tab = await join('Bob');
    const other = await join('Bob');
    await ada.next('presence', ({ count }) => count === 2);
    tab.socket.close();
    await tab.closed;
    await expect.poll(() => agent.connections.size).toBe(2);
    expect(agent.rooms.members('r').map(({ name }) => name)).toEqual(['Ada', 'Bob']);
    // Everything that there was to tell is told with this change.
    ada.send({ type: 'presence', room: 'r', state: 'typing' });
    await expect.poll(() => present(ada)).toEqual(['Ada typing', 'Bob']);
    expect(ada.messages.some((message) => message.type === 'presence' && message.left !== undefined)).toBe(false);
    ada.send({ type: 'presence', room: 'r', state: 'idle' });
    other.socket.close();
    await expect.poll(() => present(ada)).toEqual(['Ada']);
  });

  it('no longer shows what a tab did that is gone, while another tab of the person is there', async () => {
    const { join } = await start();
    const ada = await join('Ada');
    const [tab, other] = [await join('Bob'), await join('Bob')];
    tab.send({ type: 'presence', room: 'r', state: 'typing' });
    await expect.poll(() => present(ada)).toEqual(['Ada', 'Bob typing']);
    tab.socket.terminate();
    await expect.poll(() => present(ada)).toEqual(['Ada', 'Bob']);
    // The newest counts, and what is left when it ends.
    const third = await join('Bob');
    other.send({ type: 'presence', room: 'r', state: 'typing' });
    await expect.poll(() => present(ada)).toEqual(['Ada', 'Bob typing']);
    third.send({ type: 'presence', room: 'r', state: 'waiting' });
    await expect.poll(() => present(ada)).toEqual(['Ada', 'Bob waiting']);
    third.send({ type: 'leave', room: 'r' });
    await expect.poll(() => present(ada)).toEqual(['Ada', 'Bob typing']);
  });

  it('costs a few messages each if many come back at once', async () => {
    const { url } = await start({ authenticate: byHeader });
    const watcher = await TestClient.connect(url, { headers: { 'x-user': 'Ada' } });
    await joined(watcher);
    const clients = await Promise.all(
      Array.from({ length: 60 }, (_, index) => TestClient.connect(url, { headers: { 'x-user': `u${index}` } })),
    );
    for (const client of clients) client.send({ type: 'join', room: 'r' });
    await expect.poll(() => present(watcher).length).toBe(61);
    for (const client of clients) await expect.poll(() => present(client).length).toBe(61);
    expect(watcher.messages.filter(({ type }) => type === 'presence').length).toBeLessThan(30);
  });
});

describe('A run in a room', () => {
  it('is seen by all members from its start, and the model is told who asks', async () => {
    const provider = createScriptedProvider(['Hello ', 'you'], ['again']);
    const { join } = await start({ provider });
    const [ada, bob] = [await join('Ada'), await join('bob', { name: 'Bobby' })];
    ada.send({ type: 'streaming_query', query: 'hi', room: 'r' });
    await ada.next('stream_end');
    const started = await bob.next('run_started');
    expect(started).toMatchObject({ query: 'hi', room: 'r', from: { name: 'Ada' } });
    await bob.next('stream_end');
    const text = bob.messages.map((message) => (message.type === 'stream_chunk' ? message.content : '')).join('');
    expect(text).toBe('Hello you');
    const event = await bob.next('room_event');
    expect(event).toMatchObject({ content: 'hi', from: { name: 'Ada' }, run: { run_id: started.run_id } });
    bob.send({ type: 'agent_query', query: 'and me?', room: 'r' });
    await bob.next('agent_response');
    expect(provider.calls[1]?.request.messages).toMatchObject([
      { role: 'user', content: 'Ada: hi' },
      { role: 'assistant', content: 'Hello you' },
      { role: 'user', content: 'Bobby: and me?' },
    ]);
    ada.send({ type: 'history', conversation_id: 'r', room: 'r' });
    const { messages } = await ada.next('history');
    expect(messages.map(({ name, content }) => [name, content])).toEqual([
      ['Ada', 'hi'],
      [undefined, 'Hello you'],
      ['Bobby', 'and me?'],
      [undefined, 'again'],
    ]);
  });

  it('is read from its start by those who come while it goes on, and again by its id', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { join } = await start({ provider: createScriptedProvider(['one ', held, 'two']) });
    const ada = await join('Ada');
    ada.send({ type: 'streaming_query', query: 'hi', room: 'r' });
    await ada.next('stream_chunk');
    const late = await join('Late');
    await late.next('stream_chunk', ({ content }) => content === 'one ');
    await expect
      .poll(() => late.messages.some((message) => message.type === 'presence' && message.agent === 'streaming'))
      .toBe(true);
    release();
    await late.next('stream_end');
    const { run_id: runId } = await late.next('run_started');
    const since = late.messages.length;
    late.send({ type: 'resume', run_id: runId, room: 'r' });
    await late.next('stream_end', undefined, since);
    expect(await refusal(late, { type: 'resume', run_id: runId })).toBe('run_not_found');
  });

  it('belongs to the room: nobody outside reads, stops or sees it', async () => {
    const never = new Promise<void>(() => undefined);
    const { join, connect } = await start({ provider: createScriptedProvider(['one', never]) });
    const ada = await join('Ada');
    ada.send({ type: 'streaming_query', query: 'secret', room: 'r' });
    const { run_id: runId } = await ada.next('accepted');
    const eve = await connect('room');
    for (const message of [
      { type: 'resume', run_id: runId },
      { type: 'resume', run_id: runId, room: 'r' },
      { type: 'history', conversation_id: 'r', room: 'r' },
      { type: 'cancel', run_id: runId, room: 'r' },
      { type: 'streaming_query', query: 'x', room: 'r' },
    ]) {
      expect(await refusal(eve, message)).toBe('room' in message ? 'room_not_joined' : 'run_not_found');
    }
    eve.send({ type: 'history', conversation_id: 'r' });
    expect((await eve.next('history')).messages).toEqual([]);
    const bob = await join('Bob');
    bob.send({ type: 'cancel', run_id: runId, room: 'r' });
    expect(await bob.next('cancelled', ({ outcome }) => outcome !== undefined)).toMatchObject({ outcome: 'cancelled' });
  });

  it('asks all members for an approval, and takes the first decision', async () => {
    const refund = defineTool({
      name: 'refund',
      description: 'Refunds',
      params: z.object({}),
      needsApproval: true,
      execute: () => 'done',
    });
    const provider: LlmProvider = createScriptedProvider(
      [{ type: 'tool-call', id: 'c1', name: 'refund', arguments: '{}' }],
      ['ok'],
    );
    const { join } = await start({ provider, tools: [refund] });
    const [ada, bob] = [await join('Ada'), await join('Bob')];
    ada.send({ type: 'streaming_query', query: 'refund me', room: 'r' });
    const { run_id: runId } = await bob.next('approval_request');
    await expect
      .poll(() => bob.messages.some((message) => message.type === 'presence' && message.agent === 'waiting'))
      .toBe(true);
    bob.send({ type: 'approval', run_id: runId, tool_call_id: 'c1', approved: true, room: 'r' });
    await ada.next('stream_end');
    await bob.next('stream_end');
  });
});

describe('Limits and names', () => {
  it('of rooms, members, sizes and rates', async () => {
    const { join, connect } = await start({
      maxRooms: 2,
      maxRoomsPerConnection: 1,
      maxRoomMembers: 2,
      maxRoomMessageBytes: 512,
      roomMemberRate: 3,
    });
    const ada = await join('Ada');
    expect(await refusal(ada, { type: 'join', room: 's' })).toBe('too_many_rooms');
    await join('Bob');
    const carl = await connect('Carl');
    expect(await refusal(carl, { type: 'join', room: 'r' })).toBe('room_full');
    await joined(carl, { room: 's' });
    const dora = await connect('Dora');
    expect(await refusal(dora, { type: 'join', room: 't' })).toBe('too_many_rooms');
    expect(await refusal(ada, { type: 'room_message', room: 'r', content: '€'.repeat(300) })).toBe('invalid_message');
    for (let count = 0; count < 2; count++) await say(ada, 'x');
    const since = ada.messages.length;
    ada.send({ type: 'room_message', room: 'r', content: 'x' });
    const { code, retry_after_ms: waitMs } = await ada.next('error', undefined, since);
    expect(code).toBe('rate_limited');
    expect(waitMs).toBeGreaterThan(0);
  });

  it('of what a member shows, in bytes of JSON, so that others see the last that was allowed', async () => {
    const { agent, connect, join } = await start();
    const largest = { a: 'x'.repeat(1_024 - '{"a":""}'.length) };
    const tooLarge = [{ a: `${largest.a}x` }, { a: '€'.repeat(400) }];
    const [ada, bob] = [await join('Ada', { data: largest }), await join('Bob')];
    const carl = await connect('Carl');
    for (const data of tooLarge) {
      expect(await refusal(ada, { type: 'presence', room: 'r', state: 'typing', data })).toBe('invalid_message');
      expect(await refusal(carl, { type: 'join', room: 'r', data })).toBe('invalid_message');
    }
    await say(ada, 'still here');
    await expect.poll(() => events(bob)).toEqual(['1 still here']);
    await expect.poll(() => present(bob)).toEqual(['Ada', 'Bob']);
    expect(agent.rooms.members('r').map(({ name, state, data }) => [name, state, data])).toEqual([
      ['Ada', 'idle', largest],
      ['Bob', 'idle', undefined],
    ]);
  });

  it('gives a place in a full room to an address that has fewer, at the cost of the one that has most', async () => {
    const { url } = await start({ maxRoomMembers: 3, trustedProxies: ['127.0.0.1'] });
    const connect = (user: string, address: string) =>
      TestClient.connect(url, { headers: { 'x-user': user, 'x-forwarded-for': address } });
    const many: TestClient[] = [];
    for (const user of ['a', 'b', 'c']) many.push(await connect(user, '192.0.2.1'));
    for (const client of many) await joined(client);
    expect(await refusal(await connect('d', '192.0.2.1'), { type: 'join', room: 'r' })).toBe('room_full');
    await joined(await connect('Ada', '192.0.2.2'));
    await many[2]?.next('room_left');
    expect(await refusal(many[2] as TestClient, { type: 'join', room: 'r' })).toBe('room_full');
    // Two and one: another one of the second address would only turn it round.
    expect(await refusal(await connect('Bob', '192.0.2.2'), { type: 'join', room: 'r' })).toBe('room_full');
    await joined(many[0] as TestClient);
  });

  it('leaves rooms for others than one owner, and than one address', async () => {
    const { agent, connect } = await start({ maxRooms: 16, maxRoomsPerConnection: 2 });
    const openTwo = async (user: string, of: number): Promise<TestClient> => {
      const client = await connect(user);
      for (const room of [`${of}-0`, `${of}-1`]) client.send({ type: 'join', room });
      return client;
    };
    const first = await openTwo('Ada', 0);
    await first.next('room_joined', ({ room }) => room === '0-1');
    const second = await connect('Ada');
    expect(await refusal(second, { type: 'join', room: 'more' })).toBe('too_many_rooms');
    // What others have opened does not count.
    await joined(await connect('Bob'), { room: 'bobs' });
    await joined(second, { room: 'bobs' });
    const third = await openTwo('Carl', 2);
    await third.next('room_joined', ({ room }) => room === '2-0');
    expect((await third.next('error')).code).toBe('too_many_rooms');
    // A room that closes counts no more.
    await first.close();
    await expect.poll(() => agent.rooms.size).toBe(2);
    await joined(second, { room: 'more' });
  });

  it.each(['', 'a b', 'r\u0430', 'a:b', '../x', 'r\n', 'x'.repeat(129)])('refuses the name %j', async (room) => {
    const { connect } = await start();
    expect(await refusal(await connect(), { type: 'join', room })).toBe('invalid_message');
  });

  it.each(['', ' Ada', 'A\u0000', 'A\nB', 'A\u202eB', 'A  B', 'x'.repeat(65)])(
    'refuses the member name %j',
    async (name) => {
      const { connect } = await start();
      expect(await refusal(await connect('x'), { type: 'join', room: 'r', name })).toBe('invalid_message');
    },
  );

  it('lets nobody take the name that the server knows, nor the id of a room', async () => {
    const { join, url } = await start();
    const ada = await join('Ada', { name: 'Bob' });
    await expect.poll(() => present(ada)).toEqual(['Ada']);
    expect((await TestClient.refused(url, { headers: { 'x-user': 'room:r' } })).code).toBe(1011);
  });

  it('gives the name that the server knows to nobody else, whoever comes first and however it is written', async () => {
    const { join } = await start();
    const ada = await join('Ada');
    const second = await join('second', { name: 'ＡＤＡ' });
    await expect.poll(() => present(ada)).toEqual(['Ada', expect.stringMatching(/^ＡＤＡ \(guest-.{4}\)$/)]);
    second.send({ type: 'room_message', room: 'r', content: 'x' });
    expect((await ada.next('room_event')).from?.name).toMatch(/^ＡＤＡ \(guest-/);
    await join('third', { name: 'Bob' });
    await expect.poll(() => present(ada)).toContain('Bob');
    await join('Bob');
    await expect
      .poll(() => present(ada).filter((name) => name.startsWith('Bob')))
      .toEqual(['Bob', expect.stringMatching(/^Bob \(guest-.{4}\)$/)]);
  });

  it('shows the name of newer credentials, and tells programs whose they are', async () => {
    let principal: Principal & { role?: string } = { id: 'ada', name: 'Ada', role: 'guest' };
    const { join, agent } = await start({ authenticate: () => principal });
    const told: unknown[] = [];
    agent.rooms.on('message', (_room, { content }, by) =>
      told.push([content, by?.name, (by as { role?: string } | undefined)?.role]),
    );
    const ada = await join('Ada');
    await say(ada, 'one');
    principal = { id: 'ada', name: 'Ada Lovelace', role: 'admin' };
    ada.send({ type: 'auth', token: 'newer' });
    await ada.next('authenticated');
    await expect.poll(() => present(ada)).toEqual(['Ada Lovelace']);
    await say(ada, 'two');
    principal = { id: 'ada', name: 'Ada King', role: 'guest' };
    const tab = await join('Ada');
    await expect.poll(() => present(ada)).toEqual(['Ada King']);
    await say(tab, 'three');
    await say(ada, 'four');
    expect(told).toEqual([
      ['one', 'Ada', 'guest'],
      ['two', 'Ada Lovelace', 'admin'],
      ['three', 'Ada King', 'guest'],
      ['four', 'Ada Lovelace', 'admin'],
    ]);
  });

  it('takes somebody out of a room', async () => {
    const { join, agent } = await start();
    const [ada, bob] = [await join('Ada'), await join('Bob')];
    expect(agent.rooms.remove('r', 'Bob')).toBe(1);
    await bob.next('room_left');
    await expect.poll(() => present(ada)).toEqual(['Ada']);
    expect(await refusal(bob, { type: 'room_message', room: 'r', content: 'x' })).toBe('room_not_joined');
  });
});
