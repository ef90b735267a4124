import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type AgentSocketServerOptions } from '../../src/index.js';
import { createBullMqQueue } from '../../src/queues/bullmq.js';
import type { WorkQueue } from '../../src/store/work-queue.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startNodes, type TestNode } from '../helpers/cluster.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';

const redis = redisOfFile();

interface Pair {
  /** Its runs wait for a worker. */
  readonly service: TestNode;
  readonly worker: TestNode;
  /** The line, as the worker has it. */
  readonly taken: WorkQueue;
}

/** A service, and another node that takes no runs yet. */
async function startPair(options: Partial<AgentSocketServerOptions>): Promise<Pair> {
  const keyPrefix = randomUUID();
  const queues = await Promise.all([0, 1].map(() => createBullMqQueue({ url: redis.url, keyPrefix, logger: false })));
  const [queue, taken] = queues;
  if (queue === undefined || taken === undefined) throw new Error('No queues');
  onTestFinished(async () => void (await Promise.all(queues.map((one) => one.close()))));
  const [service, worker] = await startNodes(redis.url, 2, {
    server: (index) => ({ ...options, ...(index === 0 && { queue }) }),
    store: { keyPrefix },
  });
  if (service === undefined || worker === undefined) throw new Error('No nodes');
  return { service, worker, taken };
}

/** A node whose runs wait for a worker, and a worker that does so many runs at a time. */
async function withWorker(options: Partial<AgentSocketServerOptions>, concurrency = 1): Promise<TestNode> {
  const { service, worker, taken } = await startPair(options);
  worker.agent.runs.work(taken, concurrency);
  return service;
}

/** What a node says of itself and the other one, by the ids of both. */
async function concurrencyAt({ origin }: TestNode): Promise<Record<string, unknown>> {
  const body = (await (await fetch(`${origin}/ws/statistics?scope=cluster`)).json()) as {
    readonly nodes: readonly { readonly id: string; readonly concurrency?: number }[];
  };
  return Object.fromEntries(body.nodes.map(({ id, concurrency }) => [id, concurrency]));
}

describe(`a cluster with a worker${missingRedis()}`, { skip: missingRedis() !== '' }, () => {
  it('does the runs of another node, one after the other, and stops those that wait', async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const provider = createScriptedProvider(['One', opened], ['Two']);
    const { agent, url } = await withWorker({ provider });
    const client = await TestClient.connect(url);
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const [index, id] of ids.entries()) client.send({ type: 'streaming_query', query: String(index), run_id: id });
    await client.next('stream_chunk');
    client.send({ type: 'cancel', run_id: ids[1] });
    expect(await client.next('cancelled', ({ run_id: runId }) => runId === ids[1])).toMatchObject({
      reason: 'requested',
    });
    expect(provider.calls).toHaveLength(1);
    open();
    await client.next('stream_end', ({ run_id: runId }) => runId === ids[0]);
    await client.next('stream_end', ({ run_id: runId }) => runId === ids[2]);
    expect(client.text(ids[0] ?? '')).toBe('One');
    expect(client.text(ids[2] ?? '')).toBe('Two');
    expect(client.text(ids[1] ?? '')).toBe('');
    expect(agent.runs.size).toBe(0);
  });

  it('takes a run out of the line that is cancelled there, so that others get its place', async () => {
    const provider = createScriptedProvider(['One']);
    const { service, worker, taken } = await startPair({ provider, maxQueued: 2 });
    const client = await TestClient.connect(service.url);
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const ask = (id: string): void => client.send({ type: 'streaming_query', query: 'Hi', run_id: id });
    ask(first);
    ask(second);
    await client.next('queued', ({ run_id, position }) => run_id === second && position === 2);
    client.send({ type: 'cancel', run_id: first });
    await client.next('queued', ({ run_id, position }) => run_id === second && position === 1);
    service.agent.revoke(client.connected.principal_id);
    await client.closed;
    await vi.waitFor(async () => expect(await taken.size()).toBe(0));
    const other = await TestClient.connect(service.url);
    other.send({ type: 'streaming_query', query: 'Hi', run_id: third });
    await other.next('queued', ({ position }) => position === 1);
    worker.agent.runs.work(taken, 1);
    await other.next('stream_end');
    expect(provider.calls).toHaveLength(1);
  });

  it('ends a run in line that nobody reads, as one in progress', async () => {
    const provider = createScriptedProvider(['One']);
    const { service, worker, taken } = await startPair({ provider, detachGraceMs: 300 });
    const stateOf = async (id: string) => (await service.store.runs.open('anonymous', id))?.state;
    const ask = async (negotiate: boolean, more: object): Promise<[string, TestClient]> => {
      const [id, client] = [randomUUID(), await TestClient.connect(service.url, { negotiate })];
      client.send({ type: 'streaming_query', query: 'Hi', run_id: id, ...more });
      await vi.waitFor(async () => expect(await stateOf(id)).toBe('accepted'));
      return [id, client];
    };
    const [core, closesCore] = await ask(false, {});
    const [left, closesLeft] = await ask(true, {});
    const [cancels, closesCancels] = await ask(true, { on_disconnect: 'cancel' });
    const [goesOn, closesGoesOn] = await ask(true, { on_disconnect: 'continue' });
    const [moved, closesMoved] = await ask(true, {});
    const elsewhere = await TestClient.connect(worker.url);
    elsewhere.send({ type: 'resume', run_id: moved, after: 0 });
    await elsewhere.next('resumed');
    await Promise.all([closesCore, closesLeft, closesCancels, closesGoesOn, closesMoved].map((one) => one.close()));
    for (const id of [core, cancels, left]) await vi.waitFor(async () => expect(await stateOf(id)).toBe('cancelled'));
    await vi.waitFor(async () => expect(await taken.size()).toBe(2));
    worker.agent.runs.work(taken, 1);
    await elsewhere.next('stream_end');
    await vi.waitFor(async () => expect(await stateOf(goesOn)).toBe('finished'));
    expect(provider.calls).toHaveLength(2);
  });

  it('tells clients and the log when there is no worker, once, and when there is one', async () => {
    const lines: string[] = [];
    const note = (_: object, text: string): void => void lines.push(text);
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: note, warn: note, error: note };
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const provider = createScriptedProvider(['One', opened], ['Two']);
    const { service, worker, taken } = await startPair({ provider, logger });
    const ids = [service, worker].map(({ agent }) => agent.cluster?.nodeId ?? '');
    const [serviceId = '', workerId = ''] = ids;
    const { registry } = createMetrics(service.agent);
    const client = await TestClient.connect(service.url);
    const runs = [randomUUID(), randomUUID()];
    for (const id of runs) client.send({ type: 'streaming_query', query: 'Hi', run_id: id });
    for (const id of runs)
      await client.next('queued', ({ run_id, no_workers }) => run_id === id && no_workers === true);
    const warning = 'Runs wait in line, but no worker is running: start "agent-ws worker --redis URL"';
    await vi.waitFor(() => expect(lines).toContain(warning));
    expect(await concurrencyAt(service)).toEqual({ [serviceId]: 0, [workerId]: 0 });
    expect(await registry.metrics()).toMatch(/^agent_ws_queue_concurrency 0$/m);

    worker.agent.runs.work(taken, 1);
    await client.next('stream_chunk');
    // The other one waits on, and is told that there is a worker.
    await client.next('queued', ({ position, no_workers }) => position === 1 && no_workers === undefined);
    await vi.waitFor(() => expect(lines.at(-1)).toBe('A worker takes runs from the line now'));
    expect(await concurrencyAt(service)).toEqual({ [serviceId]: 0, [workerId]: 1 });
    expect(await registry.metrics()).toMatch(/^agent_ws_queue_concurrency 1$/m);

    // A worker that ends takes no more runs, while it does the one that it has.
    const closed = taken.close();
    const ended = worker.agent.close({ drainMs: 60_000 });
    await vi.waitFor(async () => expect(await concurrencyAt(service)).toEqual({ [serviceId]: 0, [workerId]: 0 }));
    await client.next('queued', ({ position, no_workers }) => position === 1 && no_workers === true);
    await vi.waitFor(() => expect(lines.filter((line) => line === warning)).toHaveLength(2));
    open();
    await Promise.all([closed, ended]);
    expect(client.text(runs[0] ?? '') + client.text(runs[1] ?? '')).toBe('One');
  });

  it('answers the questions of a conversation in their order', async () => {
    const provider = createScriptedProvider(['One'], ['Two'], ['Three']);
    const { url } = await withWorker({ provider });
    const client = await TestClient.connect(url);
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of ids)
      client.send({ type: 'streaming_query', query: 'Go on', run_id: id, conversation_id: 'travel' });
    for (const id of ids) await client.next('stream_end', ({ run_id: runId }) => runId === id);
    expect(ids.map((id) => client.text(id))).toEqual(['One', 'Two', 'Three']);
  });

  it('does other runs while one waits for a person', async () => {
    const tool = defineTool({
      name: 'send',
      description: 'Sends.',
      params: z.object({}),
      needsApproval: true,
      execute: () => 'sent',
    });
    const provider = createScriptedProvider(
      [{ type: 'tool-call', id: 'c1', name: 'send', arguments: '{}' }],
      ['Other'],
      ['Sent'],
    );
    const { url } = await withWorker({ provider, tools: [tool] });
    const client = await TestClient.connect(url);
    const [waits, other] = [randomUUID(), randomUUID()];
    client.send({ type: 'streaming_query', query: 'Send', run_id: waits });
    const { tool_call_id: toolCallId } = await client.next('approval_request');
    client.send({ type: 'streaming_query', query: 'Hi', run_id: other });
    await client.next('stream_end', ({ run_id: runId }) => runId === other);
    client.send({ type: 'approval', run_id: waits, tool_call_id: toolCallId, approved: true });
    await client.next('stream_end', ({ run_id: runId }) => runId === waits);
    expect(client.text(waits)).toBe('Sent');
  });

  it('keeps a run that is read at the node where it was asked for, and ends one that nobody reads', async () => {
    const provider = createScriptedProvider(['Hel', new Promise(() => undefined)]);
    const node = await withWorker({ provider, detachGraceMs: 500 }, 2);
    const stateOf = async (run: string) => (await node.store.runs.open('anonymous', run))?.state;
    const [client, leaves] = [await TestClient.connect(node.url), await TestClient.connect(node.url)];
    const [runId, unread] = [randomUUID(), randomUUID()];
    client.send({ type: 'streaming_query', query: 'Hi', run_id: runId });
    await client.next('stream_chunk');
    leaves.send({ type: 'streaming_query', query: 'Hi', run_id: unread });
    await leaves.next('stream_chunk');
    await leaves.close();
    // The time of the one that is read would have been over earlier.
    await vi.waitFor(async () => expect(await stateOf(unread)).toBe('cancelled'));
    const later = await TestClient.connect(node.url);
    later.send({ type: 'resume', run_id: runId, after: 0 });
    expect(await later.next('resumed')).toMatchObject({ state: 'running' });
    await Promise.all([client.close(), later.close()]);
    await vi.waitFor(async () => expect(await stateOf(runId)).toBe('cancelled'));
  });
});
