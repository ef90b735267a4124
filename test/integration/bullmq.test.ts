import { createClient, createCluster } from '@redis/client';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createBullMqQueue, type BullMqQueueOptions, type Ticket, type WorkQueue } from '../../src/queues/bullmq.js';
import { createRedisStore } from '../../src/stores/redis.js';
import { workQueueCases } from '../../src/testing/index.js';
import { bundle } from '../helpers/bundle.js';
import { redisBehindOneAddress } from '../helpers/failover.js';
import { missingRedis, redisClusterOfFile, redisOfFile, startRedis } from '../helpers/redis.js';

const missing = missingRedis();
const WORKER = await bundle(new URL('../helpers/queue-worker.ts', import.meta.url));

async function openQueue(options: BullMqQueueOptions): Promise<WorkQueue> {
  const queue = await createBullMqQueue({ logger: false, ...options });
  onTestFinished(() => queue.close());
  return queue;
}

function ticket(): Ticket {
  return { owner: 'ada', id: randomUUID() };
}

describe.skipIf(missing !== '')(`a queue of BullMQ${missing}`, () => {
  const redis = redisOfFile();

  for (const { name, run } of workQueueCases(() => {
    const keyPrefix = `test-${randomUUID().slice(0, 8)}`;
    return () => createBullMqQueue({ url: redis.url, keyPrefix });
  })) {
    it(name, run);
  }

  it('takes a client instead of an address, and leaves it alone', async () => {
    const client = createClient({ url: redis.url });
    const keyPrefix = `test-${randomUUID().slice(0, 8)}`;
    const queue = await openQueue({ client, keyPrefix });
    await queue.add(ticket(), 0);
    await queue.close();
    expect(client.isOpen).toBe(false);
    expect(await (await openQueue({ url: redis.url, keyPrefix })).size()).toBe(1);
  });

  it('closes while Redis owes the answer to a ping', async () => {
    const server = await startRedis();
    const template = createClient({ url: server.url });
    const made: { readonly isOpen: boolean; sendCommand(args: readonly string[]): Promise<unknown> }[] = [];
    const client = {
      duplicate(overrides: object) {
        const duplicate = template.duplicate({ ...overrides, pingInterval: 50 });
        made.push(duplicate);
        return duplicate;
      },
    };
    const queue = await openQueue({ client });
    const [used] = made;
    if (used === undefined) throw new Error('The client was not used');
    server.stop();
    const ping = vi.spyOn(used, 'sendCommand');
    await vi.waitFor(() => expect(ping).toHaveBeenCalledWith(['PING']));
    await queue.close();
    // An error to which nobody listens is thrown once the ping has failed, and fails this file.
    await Promise.allSettled(ping.mock.results.map(async ({ value }) => void (await value)));
    expect(used.isOpen).toBe(false);
  });

  it('starts no more runs in a minute than it may', async () => {
    const keyPrefix = `test-${randomUUID().slice(0, 8)}`;
    const options = { url: redis.url, keyPrefix, maxStartsPerMinute: 3 };
    const [queue, other] = [await openQueue(options), await openQueue(options)];
    for (let i = 0; i < 10; i++) await queue.add(ticket(), 0);
    const taken: string[] = [];
    for (const taker of [queue, other]) {
      taker.take(5, ({ id }) => {
        taken.push(id);
        return Promise.resolve();
      });
    }
    await vi.waitFor(() => expect(taken).toHaveLength(3));
    // Whoever takes asks again at once for the next ticket: the answers to two questions have passed.
    await queue.add(ticket(), 0);
    await queue.size();
    expect(taken).toHaveLength(3);
    expect(await queue.size()).toBe(8);
  });

  it('keeps its keys in one slot, and no job that is done', async () => {
    const server = await startRedis();
    const queue = await openQueue({ url: server.url, keyPrefix: 'mine' });
    const taken: Ticket[] = [];
    queue.take(4, (one) => Promise.resolve(void taken.push(one)));
    for (let i = 0; i < 20; i++) await queue.add(ticket(), 0);
    await vi.waitFor(() => expect(taken).toHaveLength(20));
    await vi.waitFor(async () => {
      const client = await createClient({ url: server.url }).connect();
      const keys = await client.keys('*');
      client.destroy();
      expect(keys.filter((key) => !key.startsWith('{mine}:runs:'))).toEqual([]);
      for (const { id } of taken) expect(keys.filter((key) => key.includes(id))).toEqual([]);
      expect(keys.length).toBeLessThan(12);
    });
  });

  it('gives every ticket in spite of a Redis that is killed', async () => {
    const server = await startRedis();
    const queue = await openQueue({ url: server.url });
    const taken = new Set<string>();
    const taker = await openQueue({ url: server.url });
    taker.take(4, async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      taken.add(id);
    });
    const tickets = Array.from({ length: 200 }, () => ticket());
    const adding = (async () => {
      for (const one of tickets) {
        // A call rejects if it is under way when the connection is lost, or comes while Redis loads its data.
        await vi.waitFor(() => queue.add(one, 0), 50_000);
      }
    })();
    await vi.waitFor(() => expect(taken.size).toBeGreaterThan(20));
    await server.kill();
    await server.restart();
    await adding;
    await vi.waitFor(() => expect(taken.size).toBe(tickets.length), 50_000);
  });

  it('goes on at the new master though the old one keeps its connections', async () => {
    const server = await redisBehindOneAddress();
    const queue = await openQueue({ url: server.url });
    const taker = await openQueue({ url: server.url });
    const taken: string[] = [];
    taker.take(1, ({ id }) => {
      taken.push(id);
      return Promise.resolve();
    });
    const [before, after] = [ticket(), ticket()];
    await queue.add(before, 0);
    await vi.waitFor(() => expect(taken).toEqual([before.id]), 50_000);
    await server.failOver();
    // The call that learns of the replica is refused.
    await vi.waitFor(() => queue.add(after, 0), 50_000);
    await vi.waitFor(() => expect(taken).toEqual([before.id, after.id]), 50_000);
  });

  it('gives the ticket of a killed worker to another one', async () => {
    const keyPrefix = `test-${randomUUID().slice(0, 8)}`;
    const worker = spawn(process.execPath, [WORKER, redis.url, keyPrefix], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void worker.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface({ input: worker.stdout }).on('line', (line) => void lines.push(line));
    const queue = await openQueue({ url: redis.url, keyPrefix });
    const one = ticket();
    await queue.add(one, 0);
    await vi.waitFor(() => expect(lines).toContain(one.id));
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    const taken: string[] = [];
    queue.take(1, ({ id }) => Promise.resolve(void taken.push(id)));
    await vi.waitFor(() => expect(taken).toEqual([one.id]), 50_000);
    await vi.waitFor(async () => {
      await queue.add(one, 0);
      expect(taken.length).toBeGreaterThan(1);
    });
  });

  it('takes tickets as soon as Redis does not refuse its connections any more', async () => {
    const server = await startRedis();
    const rights = (...changes: string[]): Promise<unknown> => server.call('ACL', 'SETUSER', 'taker', ...changes);
    await rights('on', '>secret', '~*', '&*', '+@all');
    const keyPrefix = randomUUID();
    const taking = await openQueue({ url: server.url.replace('redis://', 'redis://taker:secret@'), keyPrefix });
    // BullMQ asks for the version of Redis with every connection.
    await rights('-info');
    const given: Ticket[] = [];
    taking.take(1, (one) => Promise.resolve(void given.push(one)));
    const waiting = ticket();
    await (await openQueue({ url: server.url, keyPrefix })).add(waiting, 0);
    const refusals = async (): Promise<number> => {
      const stats = await server.call('INFO', 'errorstats');
      return Number(/errorstat_NOPERM:count=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await vi.waitFor(async () => expect(await refusals()).toBeGreaterThan(3));
    expect(given).toEqual([]);
    await rights('+info');
    await vi.waitFor(() => expect(given).toEqual([waiting]));
  });

  it('can be closed without Redis', async () => {
    const server = await startRedis();
    const queue = await createBullMqQueue({ url: server.url, logger: false });
    const taken: string[] = [];
    queue.take(2, ({ id }) => Promise.resolve(void taken.push(id)));
    await queue.add(ticket(), 0);
    await vi.waitFor(() => expect(taken).toHaveLength(1));
    await server.kill();
    await queue.close();
  });

  it('says what is wrong when it is opened', async () => {
    const server = await startRedis();
    await server.kill();
    await expect(createBullMqQueue({ url: server.url, logger: false })).rejects.toMatchObject({
      message: 'The queue could not be opened',
      cause: { code: 'ECONNREFUSED' },
    });
    await expect(createBullMqQueue({})).rejects.toThrow('Either "url" or "client" is needed, and not both');
    await expect(createBullMqQueue({ url: 'http://:secret@localhost' })).rejects.toThrow(/^Option "url" (?!.*secret)/);
    await expect(createRedisStore({ url: 'http://:secret@localhost' })).rejects.toThrow(/^Option "url" (?!.*secret)/);
  });

  it('tells once that Redis is away and once that it is back, each time', async () => {
    const server = await startRedis();
    const told: string[] = [];
    const tell = (_: object, message: string) => void (message.includes(' Redis') && told.push(message));
    const logger = { debug: vi.fn(), info: tell, warn: tell, error: vi.fn() };
    const queue = await openQueue({ url: server.url, logger });
    queue.take(1, () => Promise.resolve());
    const outage = ['The queue cannot reach Redis: tickets wait', 'The queue reaches Redis again'];
    for (const before of [[], outage]) {
      await server.kill();
      // Redis may refuse it while it reads its file.
      const waiting = Promise.resolve(queue.size()).catch(() => undefined);
      await vi.waitFor(() => expect(told).toEqual([...before, outage[0]]));
      await server.restart();
      expect((await waiting) ?? (await queue.size())).toBe(0);
      await vi.waitFor(() => expect(told).toEqual([...before, ...outage]));
    }
  });
});

describe.skipIf(missing !== '')(`a Redis Cluster${missing}`, () => {
  const cluster = redisClusterOfFile(1);

  it('needs ioredis for BullMQ', async () => {
    const url = cluster.servers[0]?.url ?? '';
    await expect(createBullMqQueue({ url, logger: false })).rejects.toMatchObject({
      cause: { message: 'For a Redis Cluster BullMQ needs a client of ioredis' },
    });
    const client = createCluster({ rootNodes: [{ url }] });
    await expect(createBullMqQueue({ client, logger: false })).rejects.toThrow(
      'Option "client" must be a client of ioredis',
    );
  });
});
