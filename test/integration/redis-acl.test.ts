import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createBullMqQueue } from '../../src/queues/bullmq.js';
import { createRedisStore } from '../../src/stores/redis.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { ROOT } from '../helpers/build.js';
import { missingRedis, startRedis } from '../helpers/redis.js';
import { startServer } from '../helpers/server.js';

/** The user of docs/cluster.md, as arguments of a command. */
function documentedUser(): string[] {
  const page = readFileSync(join(ROOT, 'docs/cluster.md'), 'utf8');
  const [line = ''] = /^ACL SETUSER .*$/m.exec(page) ?? [];
  return line.split(' ');
}

it.skipIf(missingRedis() !== '')(
  `The user that the documentation gives a node may do what a node does, and no more${missingRedis()}`,
  async () => {
    const redis = await startRedis();
    await redis.call('SET', 'other', 'secret');
    expect(await redis.call(...documentedUser())).toBe('+OK\r\n');
    await redis.call('ACL', 'LOG', 'RESET');
    const url = redis.url.replace('redis://', 'redis://agent:PASSWORD@');
    const [store, queue] = await Promise.all([
      createRedisStore({ url, logger: false, beatMs: 100, leaseMs: 1_000 }),
      createBullMqQueue({ url, logger: false }),
    ]);
    const provider = createScriptedProvider(['Hello']);
    const service = await startServer({ logger: false, provider, store, queue });
    const worker = await createRedisStore({ url, logger: false, beatMs: 100, leaseMs: 1_000 });
    const { agent } = await startServer({ logger: false, provider, store: worker });
    onTestFinished(async () => {
      await queue.close();
      await store.close();
      await worker.close();
    });

    const client = await TestClient.connect(service.url);
    client.send({ type: 'join', room: 'team', name: 'Ada' });
    await client.next('room_joined');
    client.send({ type: 'room_message', room: 'team', content: 'Hi', message_id: randomUUID() });
    await client.next('room_published');
    client.send({ type: 'watch', conversation_id: 'c' });
    client.send({ type: 'agent_query', query: 'Hi', conversation_id: 'c' });
    await client.next('queued');
    agent.runs.work(await openedQueue(url), 4);
    await client.next('agent_response');
    client.send({ type: 'history', conversation_id: 'c' });
    expect((await client.next('history')).messages).toHaveLength(2);
    for (const { conversations } of [store, worker]) await conversations.list('ada', { limit: 10 });
    client.send({ type: 'list_runs' });
    expect((await client.next('runs')).runs).toHaveLength(1);
    agent.broadcast({ type: 'hello' });
    await vi.waitFor(() => expect(client.messages).toContainEqual({ type: 'hello' }));
    await Promise.all([store.runs.expire(), worker.runs.expire()]);
    // Redis writes down each command that it refused.
    expect(await redis.call('ACL', 'LOG')).toBe('*0\r\n');

    for (const command of ['FLUSHALL', 'KEYS *', 'GET other', 'CONFIG GET dir', 'SCRIPT FLUSH', 'PUBLISH other x'])
      expect(await redis.call('ACL', 'DRYRUN', 'agent', ...command.split(' ')), command).not.toBe('+OK\r\n');
  },
);

async function openedQueue(url: string): Promise<Awaited<ReturnType<typeof createBullMqQueue>>> {
  const queue = await createBullMqQueue({ url, logger: false });
  onTestFinished(() => queue.close());
  return queue;
}
