import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import type { Script } from '../../../../src/stores/redis/script.js';
import { DELETE_CONVERSATION } from '../../../../src/stores/redis/scripts/conversations.js';
import { DROP_LOG, RETAIN } from '../../../../src/stores/redis/scripts/retain.js';
import { FORGET_ROOM_NODES } from '../../../../src/stores/redis/scripts/rooms.js';
import { metaOf } from '../../../../src/testing/conformance/run-samples.js';
import { TestClient } from '../../../../src/testing/index.js';
import { startNodes } from '../../../helpers/cluster.js';
import { missingRedis, redisOfFile } from '../../../helpers/redis.js';
import { createRun, openRedisStore } from '../../../helpers/redis-store.js';

/** Lets the answers of a script be lost until one of them is about what it has done. */
function loseAnswer(script: Script): { readonly isLost: boolean } {
  const run = script.run.bind(script);
  const lost = { isLost: false };
  const spy = vi.spyOn(script, 'run').mockImplementation(async (...given) => {
    const answer = await run(...given);
    if (answer === null || lost.isLost) return answer;
    lost.isLost = true;
    throw new Error('The socket is closed');
  });
  onTestFinished(() => spy.mockRestore());
  return lost;
}

/** How much is counted of a bound that partitions share. */
async function counted({ parts: { connection, keys } }: RedisStore, bound: string): Promise<number> {
  const key = keys.shared(`${bound}:items`);
  return Number(await connection.send(key, ['HGET', key, '']));
}

async function endRun(store: RedisStore): Promise<void> {
  const meta = metaOf();
  await createRun(store, meta);
  store.runs.setState(meta.owner, meta.id, 'finished');
  await store.runs.commit();
}

describe.skipIf(missingRedis() !== '')(`an answer of Redis that is lost${missingRedis()}`, () => {
  const redis = redisOfFile();

  it('does not hide that a conversation was there, nor that it is gone', async () => {
    const store = await openRedisStore(redis.url);
    const key = { owner: 'ada', id: 'talk' };
    await store.conversations.update(key, { title: 'a title' });
    await expect.poll(() => counted(store, 'conversations')).toBeGreaterThan(0);
    const lost = loseAnswer(DELETE_CONVERSATION);
    expect(await store.conversations.delete(key)).toBe(true);
    expect(lost.isLost).toBe(true);
    expect(await store.conversations.delete(key)).toBe(false);
    await expect.poll(() => counted(store, 'conversations')).toBe(0);
  });

  it('does not delete a conversation that was made after it was deleted', async () => {
    const keyPrefix = `test-${randomUUID()}`;
    const [store, other] = [
      await openRedisStore(redis.url, { keyPrefix }),
      await openRedisStore(redis.url, { keyPrefix }),
    ];
    const key = { owner: 'ada', id: 'talk' };
    await store.conversations.update(key, { title: 'old' });
    const run = DELETE_CONVERSATION.run.bind(DELETE_CONVERSATION);
    vi.spyOn(DELETE_CONVERSATION, 'run').mockImplementationOnce(async (...given) => {
      await run(...given);
      await other.conversations.update(key, { title: 'new' });
      throw new Error('The socket is closed');
    });
    expect(await store.conversations.delete(key)).toBe(true);
    expect(await store.conversations.find(key)).toMatchObject({ title: 'new' });
  });

  it('lets logs that are over their time count as ids', async () => {
    const store = await openRedisStore(redis.url, { retainMs: 1 });
    await endRun(store);
    await expect.poll(() => counted(store, 'logs')).toBeGreaterThan(0);
    const lost = loseAnswer(RETAIN);
    await expect.poll(async () => (await store.runs.expire(), lost.isLost)).toBe(true);
    await expect.poll(() => counted(store, 'logs')).toBe(0);
    await expect.poll(() => counted(store, 'ids')).toBe(1);
  });

  it('lets logs that are over their bound count as ids', async () => {
    const store = await openRedisStore(redis.url, { maxRetainedBytes: 1 });
    const lost = loseAnswer(DROP_LOG);
    await endRun(store);
    await expect.poll(() => lost.isLost).toBe(true);
    await expect.poll(() => counted(store, 'ids')).toBe(1);
  });

  it('lets the members of a dead node leave', async () => {
    const nodes = await startNodes(redis.url, 2, {
      server: () => ({ authenticate: ({ headers }) => ({ id: String(headers['x-user']) }) }),
      store: { beatMs: 100, leaseMs: 500 },
    });
    const left: string[] = [];
    for (const { url, agent } of nodes) {
      const client = await TestClient.connect(url, { headers: { 'x-user': `user of ${url}` } });
      client.send({ type: 'join', room: 'r' });
      await client.next('room_joined');
      agent.rooms.on('leave', (_room, _member, { id }) => left.push(id));
    }
    const [a, b] = nodes;
    if (a === undefined || b === undefined) throw new Error('There are two nodes');
    await expect.poll(() => a.agent.rooms.members('r').length).toBe(2);
    const lost = loseAnswer(FORGET_ROOM_NODES);
    (b.store as RedisStore).cluster.beats = false;
    await expect.poll(() => left, { timeout: 20_000 }).toEqual([`user of ${b.url}`]);
    expect(lost.isLost).toBe(true);
  });
});
