import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type ConversationMessage, type LlmPart } from '../../../src/index.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { openStore } from '../../helpers/sqlite.js';
import { createEngine, endOf } from './harness.js';

const never = new Promise<never>(() => undefined);
const params = z.object({});
const call = (id: string, name: string): LlmPart => ({ type: 'tool-call', id, name, arguments: '{}' });

/** A conversation of so many messages, each below the one before. Gives their ids. */
function tell(
  conversations: MemoryConversationStore,
  count: number,
  messageAt: (index: number) => Pick<ConversationMessage, 'role' | 'content' | 'toolCalls'>,
): string[] {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const [id, parentId] = [randomUUID(), ids.at(-1)];
    conversations.append({ owner: 'owner', id: 'c' }, [
      { id, parentId, runId: randomUUID(), createdAt: 1, ...messageAt(i) },
    ]);
    ids.push(id);
  }
  return ids;
}

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
      await vi.waitFor(() => expect(endOf(client)).toBeDefined());
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
    tell(conversations, 50, (index) => {
      const toolCalls = [{ id: `t${index}`, name: 'act', arguments: JSON.stringify({ text: 'x'.repeat(200_000) }) }];
      return { role: 'assistant', content: '', toolCalls };
    });
    const engine = createEngine({ conversations });
    const client = engine.connect();
    client.send({ type: 'history', conversation_id: 'c' });
    await vi.waitFor(() => expect(client.ofType('history')).toHaveLength(1));
    expect(client.frames.at(-1)?.length).toBeGreaterThan(400_000);
    expect(client.frames.at(-1)?.length).toBeLessThan(1_500_000);
  });

  it('can be asked for by a client that is a little slow', async () => {
    const conversations = new MemoryConversationStore();
    tell(conversations, 50, () => ({ role: 'assistant', content: 'line\n'.repeat(6_000) }));
    const engine = createEngine({ conversations, provider: createScriptedProvider(['x'.repeat(300_000), never]) });
    const client = engine.connect();
    client.socket.pause();
    client.send({ type: 'streaming_query', query: 'q' });
    await vi.waitFor(() => expect(client.connection.isWritable).toBe(false));
    // Together they are more than may be left unread.
    for (let i = 0; i < 3; i++) client.send({ type: 'history', conversation_id: 'c' });
    // What was asked before is on its way when this is seen.
    client.send({ type: 'streaming_query', query: 'another' });
    await vi.waitFor(() => expect(engine.runs.size).toBe(2));
    client.socket.resume();
    await vi.waitFor(() => expect(client.ofType('history')).toHaveLength(3));
    expect(client.closes).toEqual([]);
  });
});

describe('replace_from', () => {
  it('names any message of the conversation, however old', async () => {
    const conversations = new MemoryConversationStore();
    const [first] = tell(conversations, 1_100, (index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `${index}`,
    }));
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
