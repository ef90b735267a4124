import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type AgentSocketServerOptions } from '../../src/index.js';
import { createBullMqQueue } from '../../src/queues/bullmq.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startNodes, type TestNode } from '../helpers/cluster.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';

const redis = redisOfFile();

/** A node whose runs wait for a worker, and a worker that does so many runs at a time. */
async function withWorker(options: Partial<AgentSocketServerOptions>, concurrency = 1): Promise<TestNode> {
  const keyPrefix = randomUUID();
  const queues = await Promise.all([0, 1].map(() => createBullMqQueue({ url: redis.url, keyPrefix, logger: false })));
  const [queue, taken] = queues;
  if (queue === undefined || taken === undefined) throw new Error('No queues');
  onTestFinished(async () => void (await Promise.all(queues.map((one) => one.close()))));
  const [node, worker] = await startNodes(redis.url, 2, {
    server: (index) => ({ ...options, ...(index === 0 && { queue }) }),
    store: { keyPrefix },
  });
  if (node === undefined || worker === undefined) throw new Error('No nodes');
  worker.agent.runs.work(taken, concurrency);
  return node;
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
