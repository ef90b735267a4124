import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AgentSocketServerOptions } from '../../src/index.js';
import { createBullMqQueue, type WorkQueue } from '../../src/queues/bullmq.js';
import type { RedisStore } from '../../src/stores/redis/redis-store.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { missingRedis, startRedis, type RedisServer } from '../helpers/redis.js';
import { openRedisStore, remember } from '../helpers/redis-store.js';
import { startServer, type TestServer } from '../helpers/server.js';

const clusterSecret = ['the secret of this cluster'];

interface Node extends TestServer {
  readonly store: RedisStore;
  /** The sum of the series of a metric that have a text; `undefined` if there is none. */
  read(series: string, text?: string): Promise<number | undefined>;
}

async function startNode(
  redis: RedisServer,
  keyPrefix: string,
  options: Partial<AgentSocketServerOptions>,
): Promise<Node> {
  const store = await openRedisStore(redis.url, { keyPrefix, beatMs: 200, leaseMs: 2_000, clusterSecret });
  const server = await startServer({ logger: false, ...options, store });
  const { registry } = createMetrics(server.agent, { defaultMetrics: false });
  const read = async (series: string, text = ''): Promise<number | undefined> => {
    const lines = (await registry.metrics()).split('\n');
    const found = lines.filter((line) => /^agent_ws_\w+/.exec(line)?.[0] === `agent_ws_${series}`);
    const values = found.filter((line) => line.includes(text)).map((line) => Number(line.split(' ').at(-1)));
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  };
  return { ...server, store, read };
}

async function openQueue(redis: RedisServer, keyPrefix: string, secret = clusterSecret): Promise<WorkQueue> {
  const queue = await createBullMqQueue({ url: redis.url, keyPrefix, clusterSecret: secret, logger: false });
  onTestFinished(() => queue.close());
  return queue;
}

/** Pieces of an answer, each of which waits until it may come. */
function gated(pieces: readonly string[]): { pieces: (string | Promise<void>)[]; open: (index: number) => void } {
  const opens: (() => void)[] = [];
  const gates = pieces.map(() => new Promise<void>((resolve) => opens.push(resolve)));
  return {
    pieces: pieces.flatMap((piece, index) => [gates[index] ?? Promise.resolve(), piece]),
    open: (index) => opens[index]?.(),
  };
}

describe.skipIf(missingRedis() !== '')(`the metrics of a cluster${missingRedis()}`, () => {
  it('measure calls, logs and who follows them, and count what was missed, lost, forged and repeated', async () => {
    const redis = await startRedis();
    const keyPrefix = randomUUID();
    const answer = gated(['one ', 'two ', 'three ', 'four ', 'five ', 'six ', 'seven']);
    const provider = createScriptedProvider(answer.pieces);
    const host = await startNode(redis, keyPrefix, { provider });
    const reader = await startNode(redis, keyPrefix, { provider });
    const [asking, reading] = [await TestClient.connect(host.url), await TestClient.connect(reader.url)];
    const runId = randomUUID();
    const heard = (text: string) => vi.waitFor(() => expect(reading.text(runId)).toBe(text));

    asking.send({ type: 'streaming_query', query: 'Count', run_id: runId });
    await asking.next('stream_start');
    expect(await reader.read('follow_runs')).toBe(0);
    reading.send({ type: 'resume', run_id: runId, after: 0 });
    await reading.next('resumed');
    answer.open(0);
    await heard('one ');
    expect(await reader.read('follow_runs')).toBe(1);
    expect(await host.read('follow_runs')).toBe(0);
    const [run] = [...host.store.parts.hosted.values()];
    if (run === undefined) throw new Error('The host has no run');
    expect(await host.read('log_commit_seconds_count')).toBe(run.log.head);
    expect(await reader.read('log_commit_seconds_count')).toBe(0);
    expect(await host.read('log_commit_seconds_sum')).toBeGreaterThan(0);
    expect(await host.read('log_entries_per_call_count')).toBeGreaterThan(0);
    expect(await host.read('log_entries_per_call_sum')).toBe(await host.read('log_commit_seconds_count'));
    expect(await host.read('redis_calls_total', 'script="write"')).toBeGreaterThan(0);
    expect(await host.read('redis_call_seconds_count', 'script="write"')).toBeGreaterThan(0);
    expect(await reader.read('redis_calls_total', 'script="attach"')).toBeGreaterThan(0);
    await expect.poll(() => host.read('cluster_beat_seconds_count')).toBeGreaterThan(1);
    expect(await host.read('redis_retries_total')).toBe(0);
    expect(await host.read('cluster_forged_total')).toBe(0);

    // What the reader is told of one entry is lost.
    expect(await reader.read('follow_looks_total', 'gap')).toBe(0);
    const told = vi.spyOn(reader.store.parts.followers, 'take').mockReturnValueOnce();
    answer.open(1);
    await vi.waitFor(() => expect(told).toHaveBeenCalled());
    answer.open(2);
    await heard('one two three ');
    expect(await reader.read('follow_looks_total', 'gap')).toBe(1);

    // Redis loses the newest entry.
    const restore = await remember(host.store, run.meta);
    answer.open(3);
    await heard('one two three four ');
    await restore();
    expect(await host.read('log_resent_entries_total')).toBe(0);
    answer.open(4);
    await heard('one two three four five ');
    expect(await host.read('log_resent_entries_total')).toBeGreaterThan(0);

    // Redis ends, and somebody else writes to it when it is back.
    await redis.kill();
    answer.open(5);
    await expect.poll(() => host.read('redis_retries_total')).toBeGreaterThan(0);
    expect(await host.read('log_waiting_bytes')).toBeGreaterThan(0);
    await redis.restart();
    // The reader has not heard what it could have missed meanwhile.
    await expect.poll(() => reader.read('follow_looks_total', 'resubscribe')).toBeGreaterThan(0);
    answer.open(6);
    await reading.next('stream_end');
    expect(reading.text(runId)).toBe('one two three four five six seven');
    await expect.poll(() => host.read('log_waiting_bytes')).toBe(0);
    await redis.call('HSET', host.store.parts.keys.shared('nodes'), 'evil', '{"beat":1,"info":{}}');
    await expect.poll(() => host.read('cluster_forged_total', 'kind="beat"')).toBeGreaterThan(0);
  });

  it('measure the line for workers, and do not wait for it if Redis is away', async () => {
    const redis = await startRedis();
    const keyPrefix = randomUUID();
    const answer = gated(['one', 'two']);
    const provider = createScriptedProvider(answer.pieces.slice(0, 2), answer.pieces.slice(2));
    const node = await startNode(redis, keyPrefix, { provider, queue: await openQueue(redis, keyPrefix) });
    const worker = await startNode(redis, keyPrefix, { provider });
    expect(await worker.read('queue_tickets')).toBeUndefined();
    expect(await node.read('queue_tickets')).toBe(0);
    worker.agent.runs.work(await openQueue(redis, keyPrefix), 1);
    const client = await TestClient.connect(node.url);
    const ids = [randomUUID(), randomUUID()];
    client.send({ type: 'streaming_query', query: 'Hi', run_id: ids[0] });
    await expect.poll(() => worker.read('queue_wait_seconds_count')).toBe(1);
    client.send({ type: 'streaming_query', query: 'Hi', run_id: ids[1] });
    await expect.poll(() => node.read('queue_tickets')).toBe(1);
    expect(await worker.read('queue_tickets')).toBe(1);
    expect(await worker.read('cluster_forged_total', 'kind="ticket"')).toBe(0);
    const stranger = await openQueue(redis, keyPrefix, ['a secret of somebody else']);
    await stranger.add({ owner: 'anonymous', id: randomUUID() }, 0);
    answer.open(0);
    answer.open(1);
    for (const id of ids) await client.next('stream_end', ({ run_id: ended }) => ended === id);
    await expect.poll(() => worker.read('cluster_forged_total', 'kind="ticket"')).toBe(1);
    expect(await worker.read('queue_wait_seconds_count')).toBe(2);
    expect(await node.read('queue_wait_seconds_count')).toBe(0);
    await expect.poll(() => node.read('queue_tickets')).toBe(0);

    redis.stop();
    expect(await node.read('queue_tickets')).toBeUndefined();
    redis.cont();
    await expect.poll(() => node.read('queue_tickets')).toBe(0);
  });

  it('tell how many connections a node that ends still has', async () => {
    const redis = await startRedis();
    const node = await startNode(redis, randomUUID(), {});
    const client = await TestClient.connect(node.url);
    expect(await node.read('drain_connections_left')).toBe(0);
    const closed = node.agent.close({ delayMs: 500 });
    expect(await node.read('drain_connections_left')).toBe(1);
    await Promise.all([closed, client.closed]);
    expect(await node.read('drain_connections_left')).toBe(0);
  });
});
