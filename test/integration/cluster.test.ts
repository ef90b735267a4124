import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type AgentSocketServerOptions } from '../../src/index.js';
import type { ServerMessage, ServerMessageOf, ServerMessageType } from '../../src/protocol/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startNodes, type TestNode } from '../helpers/cluster.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';

const redis = redisOfFile();

/** A promise and its key. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Two nodes with the same options. */
async function two(server: Partial<AgentSocketServerOptions>): Promise<[TestNode, TestNode]> {
  const [a, b] = await startNodes(redis.url, 2, { server: () => server });
  if (a === undefined || b === undefined) throw new Error('No nodes');
  return [a, b];
}

/** Sends a request, and waits for its reply. */
async function reply<T extends ServerMessageType>(
  client: TestClient,
  type: T,
  request: Record<string, unknown>,
): Promise<ServerMessageOf<T>> {
  const requestId = randomUUID();
  client.send({ ...request, request_id: requestId });
  return client.next(type, (message) => 'request_id' in message && message.request_id === requestId);
}

function textOf(messages: readonly ServerMessage[]): string {
  return messages.map((message) => (message.type === 'stream_chunk' ? message.content : '')).join('');
}

describe(`a cluster${missingRedis()}`, { skip: missingRedis() !== '' }, () => {
  it('lets a client go on at another node, while the run is in progress and after it', async () => {
    const { opened, open } = gate();
    const [a, b] = await two({ provider: createScriptedProvider(['Hel', 'lo, ', opened, 'world']) });
    const first = await TestClient.connect(a.url);
    const runId = randomUUID();
    first.send({ type: 'streaming_query', query: 'Hi', run_id: runId });
    const chunk = await first.next('stream_chunk');
    await first.close();
    const second = await TestClient.connect(b.url);
    second.send({ type: 'resume', run_id: runId, after: chunk.seq });
    const resumed = await second.next('resumed');
    expect(resumed).toMatchObject({ state: 'running', after: chunk.seq });
    open();
    await second.next('stream_end');
    expect(chunk.content + textOf(second.messages)).toBe('Hello, world');
    const third = await TestClient.connect(b.url);
    third.send({ type: 'resume', run_id: runId, after: 0 });
    await third.next('stream_end');
    const fourth = await TestClient.connect(a.url);
    fourth.send({ type: 'resume', run_id: runId, after: 0 });
    await fourth.next('stream_end');
    expect(textOf(third.messages)).toBe('Hello, world');
    expect(textOf(fourth.messages)).toBe('Hello, world');
  });

  it('stops a run of another node, and replies after its last message', async () => {
    const [a, b] = await two({ provider: createScriptedProvider(['Hel', new Promise(() => undefined)]) });
    const asks = await TestClient.connect(a.url);
    const stops = await TestClient.connect(b.url);
    const runId = randomUUID();
    asks.send({ type: 'streaming_query', query: 'Hi', run_id: runId });
    await asks.next('stream_chunk');
    expect(await reply(stops, 'cancelled', { type: 'cancel', run_id: runId })).toMatchObject({
      type: 'cancelled',
      outcome: 'cancelled',
      run_ids: [runId],
    });
    expect(await asks.next('cancelled')).toMatchObject({ run_id: runId, reason: 'requested' });
    expect(await reply(stops, 'cancelled', { type: 'cancel', run_id: runId })).toMatchObject({
      outcome: 'already_finished',
    });
  });

  it('stops a run that is asked for at one node after it was stopped at another', async () => {
    const provider = createScriptedProvider(['Hello']);
    const [a, b] = await two({ provider });
    const stops = await TestClient.connect(b.url);
    const runId = randomUUID();
    expect(await reply(stops, 'cancelled', { type: 'cancel', run_id: runId })).toMatchObject({
      outcome: 'nothing_running',
    });
    const asks = await TestClient.connect(a.url);
    asks.send({ type: 'streaming_query', query: 'Hi', run_id: runId });
    expect(await asks.next('cancelled')).toMatchObject({ run_id: runId });
    expect(provider.calls).toHaveLength(0);
  });

  it('executes a run once that is asked for at three nodes at the same moment', async () => {
    const provider = createScriptedProvider(['Hello', new Promise((resolve) => setTimeout(resolve, 50)), ' world']);
    const nodes = await startNodes(redis.url, 3, { server: () => ({ provider }) });
    const clients = await Promise.all(nodes.map(({ url }) => TestClient.connect(url)));
    const runId = randomUUID();
    for (const client of clients) client.send({ type: 'streaming_query', query: 'Hi', run_id: runId });
    await Promise.all(clients.map((client) => client.next('stream_end')));
    expect(provider.calls).toHaveLength(1);
    for (const client of clients) expect(textOf(client.messages)).toBe('Hello world');
  });

  it('has one decision about a tool call, whichever nodes two tabs are connected to', async () => {
    let executions = 0;
    const tool = defineTool({
      name: 'send',
      description: 'Sends.',
      params: z.object({}),
      needsApproval: true,
      execute: () => ++executions,
    });
    const provider = createScriptedProvider([{ type: 'tool-call', id: 'c1', name: 'send', arguments: '{}' }], ['Sent']);
    const nodes = await startNodes(redis.url, 3, { server: () => ({ provider, tools: [tool] }) });
    const [asks, one, other] = await Promise.all(nodes.map(({ url }) => TestClient.connect(url)));
    if (asks === undefined || one === undefined || other === undefined) throw new Error('No clients');
    const runId = randomUUID();
    asks.send({ type: 'streaming_query', query: 'Send', run_id: runId });
    const { tool_call_id: toolCallId } = await asks.next('approval_request');
    for (const tab of [one, other]) {
      tab.send({ type: 'resume', run_id: runId, after: 0 });
      const { pending_approvals: pending } = await tab.next('resumed');
      expect(pending).toMatchObject([{ tool_call_id: toolCallId, tool_name: 'send' }]);
    }
    const replies = await Promise.all([
      reply(one, 'approval_resolved', { type: 'approval', run_id: runId, tool_call_id: toolCallId, approved: true }),
      reply(other, 'approval_resolved', {
        type: 'approval',
        run_id: runId,
        tool_call_id: toolCallId,
        approved: false,
        reason: 'No',
      }),
    ]);
    const { approved } = await asks.next('approval_resolved');
    expect(replies).toMatchObject([
      { type: 'approval_resolved', approved },
      { type: 'approval_resolved', approved },
    ]);
    await Promise.all([asks, one, other].map((client) => client.next('stream_end')));
    expect(executions).toBe(approved ? 1 : 0);
    // A decision that comes after the end gets the one that counts.
    const late = await TestClient.connect(nodes[1]?.url ?? '');
    expect(
      await reply(late, 'approval_resolved', {
        type: 'approval',
        run_id: runId,
        tool_call_id: toolCallId,
        approved: !approved,
      }),
    ).toMatchObject({ approved });
  });

  it('answers the questions of a conversation one after the other, and tells who watches it', async () => {
    const { opened, open } = gate();
    const provider = createScriptedProvider(['One', opened], ['Two']);
    const [a, b] = await two({ provider, authenticate: () => ({ id: 'alice' }) });
    const conversation = { conversation_id: 'travel' };
    const watches = await TestClient.connect(b.url);
    await reply(watches, 'watching', { type: 'watch', ...conversation, active: true });
    const first = await TestClient.connect(a.url);
    first.send({ type: 'streaming_query', query: 'First', ...conversation });
    expect(await watches.next('run_started')).toMatchObject({ query: 'First', conversation_id: 'travel' });
    await watches.next('stream_chunk');
    const second = await TestClient.connect(b.url);
    const asked = randomUUID();
    second.send({ type: 'streaming_query', query: 'Second', ...conversation, run_id: asked });
    expect(await second.next('accepted')).toMatchObject({ state: 'queued' });
    const rejected = await reply(second, 'error', {
      type: 'streaming_query',
      query: 'Third',
      ...conversation,
      when_busy: 'reject',
    });
    expect(rejected).toMatchObject({ type: 'error', code: 'conversation_busy' });
    expect(await reply(first, 'error', { type: 'delete_conversation', ...conversation })).toMatchObject({
      code: 'conversation_busy',
    });
    expect(provider.calls).toHaveLength(1);
    open();
    await first.next('stream_end');
    await second.next('stream_end');
    expect(textOf(second.messages)).toBe('Two');
    const history = await reply(first, 'history', { type: 'history', ...conversation });
    expect(history).toMatchObject({
      messages: [{ content: 'First' }, { content: 'One' }, { content: 'Second' }, { content: 'Two' }],
    });
  });

  it('lists the runs of all nodes, and sends a watching tab those in progress', async () => {
    const [a, b] = await two({ provider: createScriptedProvider(['Hel', new Promise(() => undefined)]) });
    const asks = await TestClient.connect(a.url);
    const runId = randomUUID();
    asks.send({ type: 'streaming_query', query: 'Hi', run_id: runId, conversation_id: 'travel' });
    await asks.next('stream_chunk');
    const tab = await TestClient.connect(b.url);
    tab.send({ type: 'watch', conversation_id: 'travel', active: true });
    expect(await tab.next('run_started')).toMatchObject({ run_id: runId, query: 'Hi' });
    await tab.next('stream_chunk');
    // A tab of the same browser may stop what another one asked for.
    expect(await reply(tab, 'cancelled', { type: 'cancel', run_id: runId })).toMatchObject({ outcome: 'cancelled' });
  });

  it('cancels a run that nobody reads on any node, and keeps one that is read on another', async () => {
    const [a, b] = await two({
      provider: createScriptedProvider(['Hel', new Promise(() => undefined)]),
      detachGraceMs: 300,
    });
    const asks = await TestClient.connect(a.url);
    const [runId, unread] = [randomUUID(), randomUUID()];
    asks.send({ type: 'streaming_query', query: 'Hi', run_id: runId });
    await asks.next('stream_chunk');
    const reads = await TestClient.connect(b.url);
    reads.send({ type: 'resume', run_id: runId, after: 0 });
    await reads.next('stream_chunk');
    await vi.waitFor(() => expect([...a.agent.runs][0]?.readers.size).toBe(2));
    const asksAnother = await TestClient.connect(a.url);
    asksAnother.send({ type: 'streaming_query', query: 'Hi', run_id: unread });
    await asksAnother.next('stream_chunk');
    await asks.close();
    await asksAnother.close();
    // The time of the one that is read would have been over earlier.
    await vi.waitFor(() => expect([...a.agent.runs].map(({ id }) => id)).not.toContain(unread));
    expect([...a.agent.runs].map(({ id }) => id)).toEqual([runId]);
    await reads.close();
    await vi.waitFor(() => expect([...a.agent.runs]).toHaveLength(0), { timeout: 10_000 });
  });

  it('throws a principal out of every node, and tells every connection', async () => {
    const [a, b] = await two({ authenticate: (request) => ({ id: String(request.headers['x-user']) }) });
    const options = (user: string): object => ({ headers: { 'x-user': user } });
    const mallory = await TestClient.connect(b.url, options('mallory'));
    const alice = await TestClient.connect(b.url, options('alice'));
    a.agent.broadcast({ type: 'notice', text: 'Hello' });
    await vi.waitFor(() => expect(alice.messages.map(({ type }) => type as string)).toContain('notice'));
    a.agent.revoke('mallory');
    expect((await mallory.closed).code).toBe(4401);
    expect(await reply(alice, 'pong', { type: 'ping' })).toMatchObject({ type: 'pong' });
  });

  it('bounds the runs of an owner over all nodes, and not those of all who are anonymous', async () => {
    const [a, b] = await two({
      provider: createScriptedProvider([new Promise(() => undefined)]),
      maxRunsPerOwner: 1,
      authenticate: (request) => ({ id: String(request.headers['x-user']) }),
    });
    for (const [user, second] of [
      ['alice', { type: 'error', code: 'too_many_runs' }],
      ['anonymous', { type: 'accepted' }],
    ] as const) {
      const options = { headers: { 'x-user': user } };
      const clients = [await TestClient.connect(a.url, options), await TestClient.connect(b.url, options)];
      clients[0]?.send({ type: 'streaming_query', query: 'Hi' });
      await clients[0]?.next('accepted');
      clients[1]?.send({ type: 'streaming_query', query: 'Hi' });
      expect(await clients[1]?.next(second.type)).toMatchObject(second);
    }
  });

  it('knows the nodes of the cluster', async () => {
    const nodes = await startNodes(redis.url, 3, { store: { beatMs: 100, leaseMs: 1_000 } });
    await TestClient.connect(nodes[0]?.url ?? '');
    await vi.waitFor(
      () => {
        for (const { store } of nodes) {
          expect(store.cluster?.nodes).toHaveLength(3);
          expect(store.cluster?.nodes.reduce((sum, { connections }) => sum + connections, 0)).toBe(1);
        }
      },
      { timeout: 10_000 },
    );
  });
});
