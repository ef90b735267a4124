import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AgentSocketServerOptions } from '../../src/index.js';
import { createBullMqQueue } from '../../src/queues/bullmq.js';
import { createRedisStore } from '../../src/stores/redis.js';
import { Keys, runHash } from '../../src/stores/redis/keys.js';
import type { RedisCluster } from '../../src/stores/redis/redis-cluster.js';
import type { RedisStore } from '../../src/stores/redis/redis-store.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startNodes, type NodesOptions, type TestNode } from '../helpers/cluster.js';
import { missingRedis, redisServerOfFile } from '../helpers/redis.js';

const PATIENCE = { timeout: 30_000, interval: 20 };

const redis = redisServerOfFile();

/** Two nodes, or more, whose clients say who they are. */
async function nodes(count: number, options: NodesOptions = {}): Promise<[TestNode, TestNode, ...TestNode[]]> {
  const authenticate: AgentSocketServerOptions['authenticate'] = ({ headers }) => ({ id: String(headers['x-name']) });
  const started = await startNodes(redis.url, count, {
    server: (index) => ({ authenticate, ...options.server?.(index) }),
    store: { beatMs: 100, leaseMs: 2_000, ...options.store },
  });
  const [a, b, ...others] = started;
  if (a === undefined || b === undefined) throw new Error('Too few nodes');
  return [a, b, ...others];
}

function connect({ url }: TestNode, name: string): Promise<TestClient> {
  return TestClient.connect(url, { headers: { 'x-name': name }, timeoutMs: 30_000 });
}

async function joined(node: TestNode, name: string): Promise<TestClient> {
  const client = await connect(node, name);
  client.send({ type: 'join', room: 'team' });
  await client.next('room_joined');
  return client;
}

async function openQueue(keyPrefix: string, clusterSecret?: string) {
  const queue = await createBullMqQueue({ url: redis.url, keyPrefix, clusterSecret, logger: false });
  onTestFinished(() => queue.close());
  return queue;
}

function namesAt({ agent }: TestNode): string[] {
  return agent.rooms.members('team').map(({ id }) => id);
}

describe.skipIf(missingRedis() !== '')(`Nodes of a cluster${missingRedis()}`, () => {
  it('learn after an outage who was revoked and taken out of a room meanwhile', async () => {
    const [a, b] = await nodes(2);
    const [ada, bob, cy] = [await connect(b, 'ada'), await joined(b, 'bob'), await connect(b, 'cy')];
    const bobsId = a.agent.rooms.memberId('team', { id: 'bob' });
    await joined(a, 'dee');
    await vi.waitUntil(() => namesAt(a).includes(bobsId), PATIENCE);
    await redis.kill();
    // What is sent before a node notices is repeated without an end, since Redis may have done it.
    const { connection } = (a.store as RedisStore).parts;
    await vi.waitUntil(() => !connection.isReady, PATIENCE);
    expect(a.agent.revoke('ada')).toBe(0);
    expect(a.agent.rooms.remove('team', 'bob')).toBe(1);
    // Both attempts are over when a later one is.
    await expect(Promise.resolve(a.agent.rooms.publish('other', { content: 'Hi' }))).rejects.toThrow();
    await redis.restart();
    expect(await ada.closed).toMatchObject({ code: 4401 });
    await bob.next('room_left');
    await vi.waitUntil(() => !namesAt(b).includes(bobsId), PATIENCE);
    cy.send({ type: 'ping' });
    await cy.next('pong');
    expect(bob.socket.readyState).toBe(1);
  });

  it('tell once that a member has left whose node died', async () => {
    const [a, b, c] = await nodes(3);
    if (c === undefined) throw new Error('Too few nodes');
    await Promise.all([joined(a, 'ada'), joined(b, 'bob'), joined(b, 'ada'), joined(c, 'cy')]);
    const [adasId, bobsId, cysId] = ['ada', 'bob', 'cy'].map((id) => a.agent.rooms.memberId('team', { id }));
    const all = [adasId, bobsId, cysId].sort();
    await vi.waitUntil(() => [a, c].every((node) => namesAt(node).sort().join() === all.join()), PATIENCE);
    const left: unknown[] = [];
    for (const { agent } of [a, c]) {
      agent.rooms.on('leave', (room, { id, name }, { id: principalId }) => left.push({ room, id, name, principalId }));
    }
    (b.store.cluster as RedisCluster).beats = false;
    await vi.waitUntil(() => left.length > 0 && ![...namesAt(a), ...namesAt(c)].includes(bobsId ?? ''), PATIENCE);
    // Whatever the nodes asked Redis before this is answered.
    for (const { agent } of [a, c]) await agent.rooms.publish('team', { content: 'Who is there?' });
    expect(left).toEqual([{ room: 'team', id: bobsId, name: `guest-${bobsId?.slice(0, 4)}`, principalId: 'bob' }]);
    expect(namesAt(a)).toContain(adasId);
  });

  it('give up a run that another one has taken over, which is no fault of its provider', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const provider = createScriptedProvider(['Hi', new Promise(() => undefined)]);
    const [a, b] = await nodes(2, { server: () => ({ provider, logger }) });
    const client = await connect(a, 'ada');
    client.send({ type: 'streaming_query', query: 'Hi', run_id: randomUUID() });
    await client.next('stream_chunk');
    await b.store.cluster?.reap?.(a.agent.cluster?.nodeId ?? '');
    expect(await client.closed).toMatchObject({ code: 1012 });
    await vi.waitFor(() => expect(provider.calls[0]?.signal.aborted).toBe(true), PATIENCE);
    expect(a.agent.runs.size).toBe(0);
    expect(logger.error).not.toHaveBeenCalled();
  });

  it('answer a cancel of a run that is lost meanwhile', async () => {
    const keyPrefix = randomUUID();
    const [a] = await nodes(2, { store: { keyPrefix } });
    // The host of the run does nothing of what is wanted of it.
    const host = await createRedisStore({ url: redis.url, keyPrefix, logger: false });
    onTestFinished(() => host.close());
    const meta = { owner: 'ada', id: randomUUID(), kind: 'agent_query' as const, requestHash: '', createdAt: 0 };
    await host.runs.create(meta, { options: '{}', maxRunsOfOwner: 9, maxRunsOfConversation: 9 });
    await host.runs.commit();
    const client = await connect(a, 'ada');
    client.send({ type: 'cancel', run_id: meta.id, request_id: 'c' });
    const [base, run] = [new Keys(keyPrefix).baseOf(meta.owner), runHash(meta.owner, meta.id)];
    await vi.waitUntil(
      async () => (await redis.call('HGET', `${base}r:${run}`, 'stop')).includes('requested'),
      PATIENCE,
    );
    await redis.call('DEL', `${base}r:${run}`);
    await redis.call('HDEL', `${base}live`, run);
    expect(await client.next('cancelled')).toMatchObject({
      request_id: 'c',
      outcome: 'nothing_running',
      run_ids: [],
    });
  });
});

describe.skipIf(missingRedis() !== '')(`Runs that wait for a worker${missingRedis()}`, () => {
  it('end when their principal is revoked at any node, also in rooms', async () => {
    const keyPrefix = randomUUID();
    const queue = await openQueue(keyPrefix);
    const provider = createScriptedProvider(['Hello']);
    const [a, b] = await nodes(2, { server: () => ({ queue, provider }), store: { keyPrefix } });
    const [bob, ada] = [await joined(a, 'bob'), await joined(b, 'ada')];
    const [alone, shown, other] = [randomUUID(), randomUUID(), randomUUID()];
    ada.send({ type: 'agent_query', query: 'Hi', run_id: alone });
    ada.send({ type: 'agent_query', query: 'Hi', run_id: shown, room: 'team' });
    bob.send({ type: 'agent_query', query: 'Hi', run_id: other });
    for (const id of [other, shown]) await bob.next('queued', ({ run_id: runId }) => runId === id);
    await ada.next('queued', ({ run_id: runId }) => runId === alone);
    a.agent.revoke('ada');
    expect(await ada.closed).toMatchObject({ code: 4401 });
    expect(await bob.next('cancelled', ({ run_id: runId }) => runId === shown)).toMatchObject({
      reason: 'requested',
    });
    const stateOf = async (id: string) => (await a.store.runs.open('ada', id))?.state;
    await vi.waitUntil(async () => (await stateOf(alone)) === 'cancelled', PATIENCE);
    b.agent.runs.work(await openQueue(keyPrefix), 4);
    await bob.next('agent_response', ({ run_id: runId }) => runId === other);
    expect(provider.calls).toHaveLength(1);
  });

  it('begin only with the options that a node has written, once', async () => {
    const [keyPrefix, clusterSecret] = [randomUUID(), 'a-secret-of-the-cluster'];
    const queue = await openQueue(keyPrefix, clusterSecret);
    const provider = createScriptedProvider(['Hello']);
    const [a, worker] = await nodes(2, {
      server: (index) => ({ provider, ...(index === 0 && { queue }) }),
      store: { keyPrefix, clusterSecret },
    });
    const client = await connect(a, 'ada');
    const [forged, sound] = [randomUUID(), randomUUID()];
    for (const id of [forged, sound]) {
      client.send({ type: 'streaming_query', query: 'Hi', run_id: id, on_disconnect: 'continue' });
    }
    for (const id of [forged, sound]) await client.next('queued', ({ run_id: runId }) => runId === id);
    const record = (id: string) => `${new Keys(keyPrefix).baseOf('ada')}r:${runHash('ada', id)}`;
    expect((await redis.call('HGET', record(sound), 'options')).match(/onDisconnect/g)).toHaveLength(1);
    expect(await redis.call('HGET', record(sound), 'work')).not.toContain('onDisconnect');
    await redis.call('HSET', record(forged), 'options', '{"canApprove":true}');
    worker.agent.runs.work(await openQueue(keyPrefix, clusterSecret), 4);
    await client.next('stream_end', ({ run_id: runId }) => runId === sound);
    expect(await client.next('error', ({ run_id: runId }) => runId === forged)).toMatchObject({
      code: 'run_interrupted',
    });
    expect(provider.calls).toHaveLength(1);
  });
});
