import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type ConversationKey, type ConversationMessage } from '../../../src/index.js';
import { SETTLE_MS } from '../../../src/run/run-init.js';
import { MemoryConversationStore } from '../../../src/stores/memory/memory-conversation-store.js';
import { createScriptedProvider } from '../../../src/testing/index.js';
import { shortenTimers } from '../../helpers/short-timers.js';
import { openStore, openWatchedStore } from '../../helpers/sqlite.js';
import { createEngine, endOf } from './harness.js';

const never = new Promise<never>(() => undefined);

describe('an end that is not committed yet', () => {
  it('reaches whoever resumes the run before it is', async () => {
    const { runs: store, ledger, conversations } = await openStore();
    const engine = createEngine({ store, ledger, conversations, provider: createScriptedProvider(['Hello']) });
    const [asker, other] = [engine.connect(), engine.connect()];
    const runId = randomUUID();
    engine.runs.on('end', () => other.send({ type: 'resume', run_id: runId }));
    asker.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await vi.waitFor(() =>
      expect([asker, other].map((peer) => endOf(peer)?.type)).toEqual(['stream_end', 'stream_end']),
    );
    // Nothing may be told that a crash would take back.
    expect(other.ofType('resumed')[0]?.['state']).toBe('running');
  });
});

describe('a request the store could not commit', () => {
  it('leaves its id free', async () => {
    const watched = await openWatchedStore();
    const { runs: store, ledger, conversations } = watched.store;
    const engine = createEngine({ store, ledger, conversations, provider: createScriptedProvider(['Hello']) });
    const client = engine.connect();
    const request = { type: 'streaming_query', query: 'q', run_id: randomUUID() };
    watched.fails = (sql) => sql.startsWith('INSERT INTO runs');
    client.send(request);
    await vi.waitFor(() => expect(client.ofType('error')).toMatchObject([{ code: 'store_unavailable' }]));
    watched.fails = () => false;
    // The store tries again a moment later, and so does the client.
    await vi.waitFor(() => {
      client.send(request);
      expect(endOf(client, request.run_id)?.type).toBe('stream_end');
    });
  });
});

describe('an answer the conversation does not take', () => {
  class Full extends MemoryConversationStore {
    override append(key: ConversationKey, messages: readonly ConversationMessage[]): void {
      if (messages.some(({ role }) => role === 'assistant')) throw new Error('full');
      super.append(key, messages);
    }
  }

  it('is not reported as complete', async () => {
    const engine = createEngine({ conversations: new Full(), provider: createScriptedProvider(['Hello']) });
    const client = engine.connect();
    client.send({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    await vi.waitFor(() => expect(endOf(client)).toBeDefined());
    expect(endOf(client)).toMatchObject({ type: 'error', code: 'internal_error' });
  });
});

describe('a conversation store that answers late', () => {
  class Late extends MemoryConversationStore {
    reads: (() => void)[] = [];
    override read(...args: Parameters<MemoryConversationStore['read']>): never {
      return new Promise((resolve) => {
        this.reads.push(() => resolve(super.read(...args)));
      }) as never;
    }
  }

  it('is not written to by a run that is over', async () => {
    shortenTimers(SETTLE_MS);
    const conversations = new Late();
    const engine = createEngine({ conversations, provider: createScriptedProvider(['Hello']) });
    const client = engine.connect();
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'cancelled', conversation_id: 'c', run_id: runId });
    await vi.waitFor(() => expect(conversations.reads).toHaveLength(1));
    client.send({ type: 'cancel', run_id: runId });
    await vi.waitFor(() => expect(endOf(client, runId)).toBeDefined());
    client.send({ type: 'streaming_query', query: 'next', conversation_id: 'c' });
    await vi.waitFor(() => expect(conversations.reads).toHaveLength(2));
    conversations.reads[1]?.();
    await vi.waitFor(() => expect(client.ofType('stream_end')).toHaveLength(1));
    conversations.reads[0]?.();
    // Whatever the first one still does is done before this one has asked, waited and answered.
    client.send({ type: 'streaming_query', query: 'last', conversation_id: 'c' });
    await vi.waitFor(() => expect(conversations.reads).toHaveLength(3));
    conversations.reads[2]?.();
    await vi.waitFor(() => expect(client.ofType('stream_end')).toHaveLength(2));
    expect(conversations.find({ owner: 'owner', id: 'c' })?.messages).toBe(4);
  });

  it('that fails is not the fault of the provider', async () => {
    class Broken extends MemoryConversationStore {
      override read(): never {
        throw new Error('disk');
      }
    }
    const engine = createEngine({ conversations: new Broken(), provider: createScriptedProvider(['Hello']) });
    const client = engine.connect();
    client.send({ type: 'streaming_query', query: 'q', conversation_id: 'c' });
    await vi.waitFor(() => expect(endOf(client)).toBeDefined());
    expect(endOf(client)).toMatchObject({ code: 'internal_error' });
  });
});

describe('memory', () => {
  it('that waiting questions take is bounded like that of answers', async () => {
    const engine = createEngine({
      provider: createScriptedProvider([never]),
      maxLogBytes: 1_000_000,
      maxRunsPerConnection: 1_000,
    });
    const client = engine.connect();
    const query = 'q'.repeat(500_000);
    for (let i = 0; i < 20; i++) client.send({ type: 'streaming_query', query, conversation_id: 'c' });
    await vi.waitFor(() => expect([...client.ofType('accepted'), ...client.ofType('error')]).toHaveLength(20));
    expect(client.ofType('error').length).toBeGreaterThan(10);
    expect(engine.runs.size).toBeLessThan(10);
  });
});
