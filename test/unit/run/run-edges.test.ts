import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type LlmPart, type Store, type ToolLedger } from '../../../src/index.js';
import type { WorkQueue } from '../../../src/store/work-queue.js';
import { createSqliteStore } from '../../../src/stores/sqlite.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';
import { leftBy, temporaryDatabase } from '../../helpers/sqlite.js';
import { createEngine, endOf } from './harness.js';

const never = new Promise<never>(() => undefined);
const call: LlmPart = { type: 'tool-call', id: 't1', name: 'act', arguments: '{}' };
const act = (needsApproval: boolean, execute: () => unknown = () => 'acted') =>
  defineTool({ name: 'act', description: '', params: z.object({}), needsApproval, execute });

describe('a recovering run', () => {
  it('that is cancelled meanwhile still answers its calls', async () => {
    const path = temporaryDatabase();
    const store = await createSqliteStore({ path });
    onTestFinished(() => store.close());
    const execute = vi.fn(() => never);
    const before = await startServer({
      provider: createScriptedProvider(['a', call]),
      tools: [act(false, execute)],
      store,
    });
    const client = await TestClient.connect(before.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId, conversation_id: 'c' });
    await client.next('stream_tool_call');
    await vi.waitFor(() => expect(execute).toHaveBeenCalled());
    const opened = await createSqliteStore({ path: leftBy(path) });
    onTestFinished(() => opened.close());
    const { ledger } = opened;
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    let wasAsked = false;
    // A ledger at the other end of a network.
    const slow: ToolLedger = {
      begin: async (key) => {
        wasAsked = true;
        await answered;
        return ledger.begin(key);
      },
      settle: (key) => ledger.settle(key),
      forget: (key) => ledger.forget(key),
    };
    const provider = createScriptedProvider(['ok']);
    const after = await startServer({
      provider,
      store: {
        runs: opened.runs,
        conversations: opened.conversations,
        ledger: slow,
        close: () => opened.close(),
      } satisfies Store,
    });
    const back = await TestClient.connect(after.url);
    await vi.waitFor(() => expect(wasAsked).toBe(true));
    back.send({ type: 'cancel', run_id: runId });
    back.send({ type: 'ping' });
    await back.next('pong');
    answer();
    await back.next('cancelled');
    await back.ask({ type: 'streaming_query', query: 'next', conversation_id: 'c' });
    const told = provider.calls[0]?.request.messages ?? [];
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
    expect(told[2]?.content).toContain('it is not repeated');
  });
});

describe('edges', () => {
  it('interrupt and cancel at once', async () => {
    const provider = createScriptedProvider(['a', never]);
    const engine = createEngine({ provider });
    const client = engine.connect();
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    const ask = (id: string, over = {}) => ({
      type: 'streaming_query',
      query: id,
      run_id: id,
      conversation_id: 'c',
      ...over,
    });
    client.send(ask(a));
    client.send(ask(b));
    await vi.waitFor(() => expect(client.ofType('stream_chunk')).toHaveLength(1));
    client.send(ask(c, { when_busy: 'interrupt' }));
    client.send({ type: 'cancel' });
    await vi.waitFor(() => expect(engine.runs.size).toBe(0));
    await vi.waitFor(() => expect(client.ofType('cancelled').some(({ outcome }) => outcome !== undefined)).toBe(true));
    expect([a, b, c].map((id) => [endOf(client, id)?.type, endOf(client, id)?.['reason']])).toEqual([
      ['cancelled', 'replaced'],
      ['cancelled', 'replaced'],
      ['cancelled', 'requested'],
    ]);
    expect(provider.calls).toHaveLength(1);
    expect(engine.runs.isBusy('owner', 'c')).toBe(false);
  });

  it('a watcher sees a run that ends at once', async () => {
    const engine = createEngine({ rateLimits: false });
    const [asker, watcher] = [engine.connect(), engine.connect()];
    const id = randomUUID();
    watcher.send({ type: 'watch', conversation_id: '__proto__' });
    await vi.waitFor(() => expect(watcher.ofType('watching')).toHaveLength(1));
    asker.send({ type: 'cancel', run_id: id });
    asker.send({ type: 'streaming_query', query: 'q', run_id: id, conversation_id: '__proto__' });
    await vi.waitFor(() => expect(endOf(watcher, id)).toBeDefined());
    expect(watcher.messages.map(({ type }) => type)).toEqual(['connected', 'watching', 'run_started', 'cancelled']);
    // A client that asks faster than it reads is read no further than it reads, and gets every answer.
    for (let i = 0; i < 10_000; i++) watcher.send({ type: 'watch', conversation_id: `c${i}` });
    await vi.waitFor(() => expect(watcher.ofType('error')).toHaveLength(10_000 - 63));
    expect(watcher.ofType('watching')).toHaveLength(64);
    expect(watcher.closes).toEqual([]);
  });

  it('a restored run that is cancelled leaves every call answered', async () => {
    const path = temporaryDatabase();
    const store = await createSqliteStore({ path });
    onTestFinished(() => store.close());
    const before = await startServer({ provider: createScriptedProvider(['a', call]), tools: [act(true)], store });
    const client = await TestClient.connect(before.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId, conversation_id: 'c' });
    await client.next('approval_request');
    const opened = await createSqliteStore({ path: leftBy(path) });
    onTestFinished(() => opened.close());
    const provider = createScriptedProvider(['ok']);
    const after = await startServer({ provider, tools: [act(true)], store: opened });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'cancel', run_id: runId });
    await back.next('cancelled');
    await back.ask({ type: 'streaming_query', query: 'next', conversation_id: 'c' });
    expect(provider.calls[0]?.request.messages.map(({ role }) => role)).toEqual([
      ...['user', 'assistant', 'tool', 'assistant', 'user'],
    ]);
    back.send({ type: 'resume', run_id: runId });
    await back.next('approval_resolved');
  });

  it('a core client in the same run sees no foreign type', async () => {
    const engine = createEngine({ tools: [act(true)], provider: createScriptedProvider(['a', call], ['b']) });
    const [full, core] = [engine.connect(), engine.connect({ negotiated: false })];
    const query = { type: 'streaming_query', query: 'q', run_id: randomUUID(), conversation_id: 'c' };
    full.send(query);
    core.send(query);
    await vi.waitFor(() => expect(full.ofType('approval_request')).toHaveLength(1));
    full.send({ type: 'approval', run_id: query.run_id, tool_call_id: 't1', approved: true });
    await vi.waitFor(() => expect(endOf(core)).toBeDefined());
    expect(core.messages.map(({ type }) => type)).toEqual([
      'connected',
      'stream_start',
      'stream_chunk',
      'stream_chunk',
      'stream_end',
    ]);
  });
});

it('is a worker only in a cluster, and says so', async () => {
  const { agent } = await startServer({});
  const queue = { add: () => undefined, take: () => undefined, positions: () => [] } as unknown as WorkQueue;
  expect(() => agent.runs.work(queue, 1)).toThrow(/need a "store" for several processes/);
});
