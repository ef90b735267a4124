import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ConversationMessage, ConversationStore } from '../../../../src/index.js';
import type { RedisStore } from '../../../../src/stores/redis/redis-store.js';
import { missingRedis, redisOfFile, startRedis } from '../../../helpers/redis.js';
import { openRedisStore } from '../../../helpers/redis-store.js';
import { metaOf } from '../../../helpers/sqlite.js';

const KEY = { owner: 'ann', id: 'talk' };

function answerOf(runId: string, content: string): ConversationMessage {
  return { id: randomUUID(), role: 'assistant', content, runId, createdAt: 1 };
}

async function contents(store: ConversationStore, key = KEY): Promise<string> {
  return (await store.read(key, { limit: 100 })).items.map(({ content }) => content).join(' ');
}

async function claim(store: RedisStore): Promise<string> {
  const runId = randomUUID();
  const { status } = await store.runs.create({ ...metaOf(runId, runId), owner: KEY.owner });
  expect(status).toBe('created');
  return runId;
}

describe.skipIf(missingRedis() !== '')(`Conversations of several nodes in Redis${missingRedis()}`, () => {
  const redis = redisOfFile();

  async function openTwo(settings: object = {}): Promise<[RedisStore, RedisStore]> {
    const keyPrefix = `test-${randomUUID()}`;
    const open = () => openRedisStore(redis.url, { keyPrefix, ...settings });
    return [await open(), await open()];
  }

  it('are the same at all of them', async () => {
    const [a, b] = await openTwo();
    a.conversations.append(KEY, [answerOf(randomUUID(), 'from a')]);
    expect(await contents(a.conversations)).toBe('from a');
    expect(await contents(b.conversations)).toBe('from a');
    await b.conversations.update(KEY, { title: 'T' });
    expect(await a.conversations.find(KEY)).toMatchObject({ title: 'T', messages: 1 });
    expect(await Promise.all([a.conversations.delete(KEY), b.conversations.delete(KEY)])).toContain(true);
    expect(await contents(a.conversations)).toBe('');
  });

  it('take what a run says only from its host, also after its end', async () => {
    const [a, b] = await openTwo();
    const runId = await claim(a);
    b.conversations.append(KEY, [answerOf(runId, 'of another')]);
    expect(await contents(b.conversations)).toBe('');
    a.conversations.append(KEY, [answerOf(runId, 'of the host')]);
    a.runs.setState(KEY.owner, runId, 'finished');
    await a.runs.commit();
    b.conversations.append(KEY, [answerOf(runId, 'later')]);
    await b.conversations.update(KEY, {});
    expect(await contents(a.conversations)).toBe('of the host');
  });

  it('have the messages that were written before the end of a run whenever the end is there', async () => {
    const [a, b] = await openTwo();
    for (let round = 0; round < 20; round++) {
      const runId = await claim(a);
      a.conversations.append(KEY, [answerOf(runId, `${round}`)]);
      a.runs.setState(KEY.owner, runId, 'finished');
      while ((await b.runs.open(KEY.owner, runId))?.state !== 'finished') continue;
      expect((await b.conversations.read(KEY, { limit: 1 })).items[0]?.content).toBe(`${round}`);
    }
  });

  it('share one bound', async () => {
    const [a, b] = await openTwo({ maxConversationBytes: 100_000 });
    const long = 'x'.repeat(10_000);
    a.conversations.append({ owner: 'quiet', id: 'kept' }, [answerOf(randomUUID(), 'kept')]);
    for (let count = 0; count < 30; count++) {
      const { conversations } = count % 2 === 0 ? a : b;
      await conversations.update({ owner: 'loud', id: `${count}` }, { metadata: { long } });
    }
    await Promise.all([a, b].map(({ conversations }) => conversations.list('loud', { limit: 1 })));
    const { items } = await b.conversations.list('loud', { limit: 100 });
    expect(items.length).toBeGreaterThan(5);
    expect(items.length).toBeLessThan(10);
    expect(items[0]?.id).toBe('29');
    expect(await contents(b.conversations, { owner: 'quiet', id: 'kept' })).toBe('kept');
  });

  it('are written once if Redis was away, in their order', async () => {
    const own = await startRedis();
    const store = await openRedisStore(own.url);
    const runId = await claim(store);
    for (let count = 0; count < 20; count++) {
      if (count === 5) await own.kill();
      store.conversations.append(KEY, [answerOf(runId, `${count}`)]);
      if (count === 15) await own.restart();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect
      .poll(async () => (await store.conversations.find(KEY).catch(() => undefined))?.messages, { timeout: 20_000 })
      .toBe(20);
    const message = (await store.conversations.read(KEY, { limit: 1 })).items[0];
    expect(message?.content).toBe('19');
  });
});
