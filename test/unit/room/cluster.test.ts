import { describe, expect, it } from 'vitest';
import type { AgentSocketServerOptions, Principal } from '../../../src/index.js';
import type { RedisStore } from '../../../src/stores/redis/redis-store.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startNodes, type TestNode } from '../../helpers/cluster.js';
import { missingRedis, redisOfFile } from '../../helpers/redis.js';

const redis = redisOfFile();

async function two(options: Partial<AgentSocketServerOptions>): Promise<[TestNode, TestNode]> {
  const authenticate = (request: { headers: NodeJS.Dict<string | string[]> }): Principal => {
    const id = String(request.headers['x-user']);
    return { id, name: id };
  };
  const [a, b] = await startNodes(redis.url, 2, {
    server: () => ({ authenticate, ...options }),
    store: { beatMs: 100, leaseMs: 500 },
  });
  if (a === undefined || b === undefined) throw new Error('There are two nodes');
  return [a, b];
}

/** One that begins with a small letter has no name. */
const nameByCase = (request: { headers: NodeJS.Dict<string | string[]> }): Principal => {
  const id = String(request.headers['x-user']);
  return /^[A-Z]/.test(id) ? { id, name: id } : { id };
};

async function join({ url }: TestNode, user: string, name?: string): Promise<TestClient> {
  const client = await TestClient.connect(url, { headers: { 'x-user': user } });
  client.send({ type: 'join', room: 'r', name });
  await client.next('room_joined');
  return client;
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** What a client was told last of what the agent does. */
function agentState(client: TestClient): string {
  const last = client.messages.findLast((message) => message.type === 'presence');
  return last?.type === 'presence' ? (last.agent ?? 'idle') : 'unknown';
}

describe.skipIf(missingRedis() !== '')(`A room of a cluster${missingRedis()}`, () => {
  it('shows a run to its members at all nodes, and what the agent does', async () => {
    const [begin, go, end] = [gate(), gate(), gate()];
    const provider = createScriptedProvider([begin.opened, 'Hel', go.opened, 'lo', end.opened, '!']);
    const [a, b] = await two({ provider });
    const [ada, bob] = [await join(a, 'ada'), await join(b, 'bob')];
    ada.send({ type: 'streaming_query', query: 'Hi', room: 'r' });
    const { run_id: runId } = await ada.next('accepted');
    expect(await bob.next('run_started')).toMatchObject({
      run_id: runId,
      room: 'r',
      query: 'Hi',
      from: { name: 'ada' },
    });
    for (const client of [ada, bob]) await expect.poll(() => agentState(client)).toBe('thinking');
    begin.open();
    await bob.next('stream_chunk');
    for (const client of [ada, bob]) await expect.poll(() => agentState(client)).toBe('streaming');
    const carl = await join(b, 'carl');
    expect(await carl.next('run_started')).toMatchObject({ run_id: runId, query: 'Hi', from: { name: 'ada' } });
    go.open();
    end.open();
    for (const client of [ada, bob, carl]) {
      await client.next('stream_end');
      expect(client.text(runId)).toBe('Hello!');
      await expect.poll(() => agentState(client)).toBe('idle');
    }
  });

  it('shows a run that was asked for before the room was opened at a node, and one that is over at once', async () => {
    const { opened, open } = gate();
    const provider = createScriptedProvider(['One', opened], ['Two']);
    const [a, b] = await two({ provider });
    const ada = await join(a, 'ada');
    ada.send({ type: 'streaming_query', query: 'first', room: 'r' });
    await ada.next('stream_chunk');
    const bob = await join(b, 'bob');
    expect(await bob.next('run_started')).toMatchObject({ query: 'first', from: { name: 'ada' } });
    await expect.poll(() => agentState(bob)).toBe('streaming');
    open();
    await bob.next('stream_end');
    const since = bob.messages.length;
    ada.send({ type: 'streaming_query', query: 'second', room: 'r' });
    const started = await bob.next('run_started', undefined, since);
    expect(started).toMatchObject({ query: 'second', room: 'r', from: { name: 'ada' } });
    await bob.next('stream_end', undefined, since);
    expect(bob.text(started.run_id)).toBe('Two');
    await expect.poll(() => agentState(bob)).toBe('idle');
  });

  it('lets a member stop a run of another node, and keeps one conversation', async () => {
    const provider = createScriptedProvider(['One', new Promise(() => undefined)], ['Two']);
    const [a, b] = await two({ provider });
    const [ada, bob] = [await join(a, 'ada'), await join(b, 'bob')];
    ada.send({ type: 'streaming_query', query: 'first', room: 'r' });
    const { run_id: runId } = await ada.next('accepted');
    await bob.next('stream_chunk');
    bob.send({ type: 'cancel', run_id: runId, room: 'r' });
    await bob.next('cancelled');
    bob.send({ type: 'streaming_query', query: 'second', room: 'r' });
    await ada.next('stream_end');
    bob.send({ type: 'history', conversation_id: 'r', room: 'r' });
    const { messages } = await bob.next('history');
    expect(messages.map(({ content }) => content)).toEqual(['first', 'One', 'second', 'Two']);
  });

  it('no longer shows what a tab at another node did that is gone, nor two members by the name of one', async () => {
    const [a, b] = await two({ authenticate: nameByCase });
    const [ada, here, there] = [await join(a, 'Ada'), await join(a, 'Bob'), await join(b, 'Bob')];
    there.send({ type: 'presence', room: 'r', state: 'typing' });
    const shown = (): string[] => a.agent.rooms.members('r').map(({ name, state }) => `${name} ${state}`);
    await expect.poll(shown).toEqual(['Ada idle', 'Bob typing']);
    const tab = await join(a, 'Bob');
    there.socket.terminate();
    await expect.poll(shown).toEqual(['Ada idle', 'Bob idle']);
    for (const client of [here, tab]) client.send({ type: 'leave', room: 'r' });
    await expect.poll(shown).toEqual(['Ada idle']);

    const guests = [await join(a, 'carl', 'Ada'), await join(b, 'dora', 'Ada')];
    const names = (): string[] => b.agent.rooms.members('r').map(({ name }) => name.replace(/guest-.{4}/, 'guest'));
    await expect.poll(() => names().sort()).toEqual(['Ada', 'Ada (guest)', 'Ada (guest)']);
    await Promise.all([ada, ...guests].map((client) => client.close()));
  });

  it('loses the members of a node that does not beat any more', async () => {
    const [a, b] = await two({});
    const [ada] = [await join(a, 'ada'), await join(b, 'bob')];
    await expect.poll(() => a.agent.rooms.members('r').length).toBe(2);
    (b.store as RedisStore).cluster.beats = false;
    await expect.poll(() => a.agent.rooms.members('r').map(({ name }) => name), { timeout: 20_000 }).toEqual(['ada']);
    await expect
      .poll(() => ada.messages.some((message) => message.type === 'presence' && message.left !== undefined))
      .toBe(true);
  });
});
