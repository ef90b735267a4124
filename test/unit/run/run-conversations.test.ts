import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, MemoryConversationStore, type LlmPart } from '../../../src/index.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { openStore } from '../../helpers/sqlite.js';
import { createEngine, endOf } from './harness.js';

const never = new Promise<never>(() => undefined);
const params = z.object({});
const call = (id: string, name: string): LlmPart => ({ type: 'tool-call', id, name, arguments: '{}' });

describe('approvals', () => {
  it('can be given for a call whose id the provider made long', async () => {
    const tool = defineTool({ name: 'act', description: '', params, needsApproval: true, execute: () => 'acted' });
    const engine = createEngine({
      tools: [tool],
      provider: createScriptedProvider([call('x'.repeat(300), 'act')], ['ok']),
    });
    const client = engine.connect();
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await vi.waitFor(() => expect(client.ofType('approval_request')).toHaveLength(1));
    const toolCallId = client.ofType('approval_request')[0]?.['tool_call_id'];
    client.send({ type: 'approval', run_id: runId, tool_call_id: toolCallId, approved: true });
    await vi.waitFor(() =>
      expect(client.ofType('error').length + client.ofType('stream_end').length).toBeGreaterThan(0),
    );
    expect(client.ofType('error')).toEqual([]);
  });

  it('are never asked for by a run that was stopped', async () => {
    const unanswered: number[] = [];
    for (let ticks = 0; ticks < 30; ticks++) {
      const ask = defineTool({ name: 'ask', description: '', params, needsApproval: true, execute: () => 'acted' });
      const big = defineTool({
        name: 'big',
        description: '',
        params: z.object({}).transform(async (value) => {
          for (let i = 0; i < 0; i++) await Promise.resolve();
          return value;
        }),
        parameters: {},
        execute: () => 'x'.repeat(10_000),
      });
      const slow = {
        ...ask,
        params: {
          '~standard': {
            ...params['~standard'],
            validate: async (value: unknown) => {
              for (let i = 0; i < ticks; i++) await Promise.resolve();
              return { value };
            },
          },
        },
      } as never;
      const engine = createEngine({
        tools: [slow, big],
        maxRunBytes: 3_000,
        provider: createScriptedProvider([call('a', 'ask'), call('b', 'big')], ['ok']),
      });
      const client = engine.connect();
      client.send({ type: 'streaming_query', query: 'q' });
      await vi.waitFor(() => expect(endOf(client)).toBeDefined(), 3_000);
      const asked = client.ofType('approval_request').length;
      const resolved = client.ofType('approval_resolved').length;
      if (asked !== resolved) unanswered.push(ticks);
    }
    expect(unanswered).toEqual([]);
  });
});

describe('history', () => {
  it('fits a page into about a megabyte, calls of tools included', async () => {
    const conversations = new MemoryConversationStore();
    const key = { owner: 'owner', id: 'c' };
    for (let i = 0; i < 50; i++) {
      const toolCalls = [{ id: `t${i}`, name: 'act', arguments: JSON.stringify({ text: 'x'.repeat(200_000) }) }];
      conversations.append(key, [
        { id: randomUUID(), role: 'assistant', content: '', toolCalls, runId: randomUUID(), createdAt: 1 },
      ]);
    }
    const engine = createEngine({ conversations });
    const client = engine.connect();
    client.send({ type: 'history', conversation_id: 'c' });
    await vi.waitFor(() => expect(client.ofType('history')).toHaveLength(1));
    expect(client.frames.at(-1)?.length).toBeLessThan(1_500_000);
  });

  it('can be asked for by a client that is a little slow', async () => {
    const conversations = new MemoryConversationStore();
    const key = { owner: 'owner', id: 'c' };
    for (let i = 0; i < 50; i++) {
      conversations.append(key, [
        { id: randomUUID(), role: 'assistant', content: 'line\n'.repeat(6_000), runId: randomUUID(), createdAt: 1 },
      ]);
    }
    const engine = createEngine({ conversations, provider: createScriptedProvider(['x'.repeat(300_000), never]) });
    const client = engine.connect();
    client.socket.pause();
    client.send({ type: 'streaming_query', query: 'q' });
    await vi.waitFor(() => expect(client.connection.isWritable).toBe(false));
    client.send({ type: 'history', conversation_id: 'c' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.resume();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.closes).toEqual([]);
  });
});

describe('replace_from', () => {
  it('names any message of the conversation, however old', async () => {
    const conversations = new MemoryConversationStore();
    const key = { owner: 'owner', id: 'c' };
    const first = randomUUID();
    for (let i = 0; i < 1_100; i++) {
      const [id, role] = [i === 0 ? first : randomUUID(), i % 2 === 0 ? 'user' : 'assistant'] as const;
      conversations.append(key, [{ id, role, content: `${i}`, runId: randomUUID(), createdAt: 1 }]);
    }
    const engine = createEngine({ conversations });
    const client = engine.connect();
    client.send({ type: 'streaming_query', query: 'anew', conversation_id: 'c', replace_from: first });
    await vi.waitFor(() => expect(endOf(client)).toBeDefined());
    expect(endOf(client)).toMatchObject({ type: 'stream_end' });
  });
});

describe('an answer made anew', () => {
  it('does not double its question where tools led to the answer', async () => {
    const tool = defineTool({ name: 'act', description: '', params, execute: () => 'acted' });
    const provider = createScriptedProvider([call('a', 'act')], ['bad'], ['good']);
    const conversations = new MemoryConversationStore();
    const engine = createEngine({ tools: [tool], provider, conversations });
    const client = engine.connect();
    client.send({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    await vi.waitFor(() => expect(client.ofType('stream_end')).toHaveLength(1));
    const answer = conversations.read({ owner: 'owner', id: 'c' }, { limit: 10 }).items.at(-1);
    expect(answer).toMatchObject({ role: 'assistant', content: 'bad' });
    client.send({ type: 'streaming_query', query: 'q', conversation_id: 'c', replace_from: answer?.id });
    await vi.waitFor(() => expect(client.ofType('stream_end')).toHaveLength(2));
    const questions = provider.calls[2]?.request.messages.filter(({ role }) => role === 'user');
    expect(questions).toHaveLength(1);
  });
});

describe('watching', () => {
  it('does not make a run one that this connection started or resumed', async () => {
    const engine = createEngine({ provider: createScriptedProvider(['a', never]) });
    const [asker, watcher] = [engine.connect(), engine.connect()];
    watcher.send({ type: 'watch', conversation_id: 'c' });
    asker.send({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    await vi.waitFor(() => expect(watcher.ofType('stream_chunk')).toHaveLength(1));
    watcher.send({ type: 'cancel' });
    await vi.waitFor(() => expect(watcher.messages.some(({ outcome }) => outcome !== undefined)).toBe(true));
    expect(endOf(asker)).toBeUndefined();
  });
});

describe('list_runs', () => {
  it('asks the store for the runs of this connection only, where nobody is known', async () => {
    const { runs: store, ledger, conversations } = await openStore();
    // 20,000 runs of strangers held up the event loop for 290 ms.
    store.list = () => {
      throw new Error('All runs of everybody');
    };
    const engine = createEngine({ store, ledger, conversations });
    const client = engine.connect({ owner: 'anonymous' });
    client.send({ type: 'streaming_query', query: 'q' });
    await vi.waitFor(() => expect(endOf(client)).toBeDefined());
    client.send({ type: 'list_runs' });
    await vi.waitFor(() => expect(client.ofType('runs')).toMatchObject([{ runs: [{ kind: 'streaming_query' }] }]));
  });
});
