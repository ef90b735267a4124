import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { StartedRun } from '../../../src/client/index.js';
import { start } from './client.js';

describe('a conversation', () => {
  it('asks and streams in its name', async () => {
    const { server, client } = await start();
    const conversation = client.conversation('c');
    conversation.ask('a', { replaceFrom: 'm1', whenBusy: 'interrupt' });
    conversation.stream('b');
    const peer = await server.peer();
    expect(await peer.next('agent_query')).toMatchObject({
      query: 'a',
      conversation_id: 'c',
      replace_from: 'm1',
      when_busy: 'interrupt',
    });
    expect(await peer.next('streaming_query')).toMatchObject({ query: 'b', conversation_id: 'c' });
  });

  it('has a history, with ids, calls and what became of an answer', async () => {
    const { server, client } = await start();
    const page = client.conversation('c').history({ limit: 2, before: 'm3' });
    const peer = await server.peer();
    const asked = await peer.next('history');
    expect(asked).toMatchObject({ conversation_id: 'c', limit: 2, before: 'm3' });
    peer.send({
      type: 'history',
      conversation_id: 'c',
      title: 'T',
      metadata: { pinned: true },
      messages: [
        { id: 'm1', role: 'user', content: 'Hi', created_at: 1.25 },
        {
          id: 'm2',
          role: 'assistant',
          content: 'Hel',
          tool_calls: [{ tool_call_id: 't', tool_name: 'a', arguments: '{}' }],
          status: 'cancelled',
          run_id: 'r',
          created_at: 2,
        },
      ],
      has_more: false,
      request_id: asked['request_id'],
    });
    expect(await page).toEqual({
      title: 'T',
      metadata: { pinned: true },
      messages: [
        { id: 'm1', role: 'user', content: 'Hi', createdAt: 1_250 },
        {
          id: 'm2',
          role: 'assistant',
          content: 'Hel',
          toolCalls: [{ toolCallId: 't', toolName: 'a', arguments: '{}' }],
          status: 'cancelled',
          runId: 'r',
          createdAt: 2_000,
        },
      ],
      hasMore: false,
    });
  });

  it('can be named', async () => {
    const { server, client } = await start();
    const changed = client.conversation('c').update({ title: 'T', metadata: { a: 1 } });
    const peer = await server.peer();
    const { request_id, ...asked } = await peer.next('update_conversation');
    expect(asked).toEqual({ type: 'update_conversation', conversation_id: 'c', title: 'T', metadata: { a: 1 } });
    peer.send({ type: 'conversation', conversation_id: 'c', title: 'T', metadata: { a: 1 }, request_id });
    expect(await changed).toEqual({ title: 'T', metadata: { a: 1 } });
  });
});

describe('watching', () => {
  const started = (id: string, conversation = 'c') => ({
    type: 'run_started',
    conversation_id: conversation,
    run_id: id,
    kind: 'streaming_query',
    query: 'Hi',
    state: 'running',
  });

  it('gives the runs of others, with everything they say', async () => {
    const { server, client } = await start();
    const runs: StartedRun[] = [];
    const everywhere: StartedRun[] = [];
    client.on('run-started', (run) => everywhere.push(run));
    client.conversation('c').watch((run) => runs.push(run));
    const peer = await server.peer();
    expect(await peer.next('watch')).toMatchObject({ conversation_id: 'c' });
    const own = client.conversation('c').stream('mine');
    await peer.next('streaming_query');
    const id = randomUUID();
    peer.send(
      started(own.id),
      started(id),
      { type: 'stream_start', run_id: id, seq: 1 },
      { type: 'stream_chunk', content: 'a', run_id: id, seq: 2 },
    );
    await expect.poll(() => runs[0]?.run.text).toBe('a');
    expect(runs).toHaveLength(1);
    expect(everywhere).toEqual(runs);
    expect(runs[0]).toMatchObject({ conversationId: 'c', kind: 'streaming_query', query: 'Hi' });
    // It survives a loss like any other run.
    peer.drop();
    const second = await server.peer(2);
    await second.next('watch');
    const resume = await second.next('resume');
    expect([resume['run_id'], resume['after']]).toEqual([id, 2]);
    second.send(
      started(id),
      { type: 'stream_chunk', content: 'a', run_id: id, seq: 2 },
      { type: 'resumed', run_id: id, after: 2, head: 3, state: 'finished', request_id: resume['request_id'] },
      { type: 'stream_end', run_id: id, seq: 3 },
    );
    expect((await runs[0]?.run)?.text).toBe('a');
    expect(runs).toHaveLength(1);
  });

  it('is said to the server once, and ended with the last listener', async () => {
    const { server, client } = await start();
    const first = client.conversation('c').watch(() => undefined);
    const second = client.conversation('c').watch(() => undefined);
    const peer = await server.peer();
    await peer.next('watch');
    first();
    first();
    second();
    const last = await peer.next('watch', 2);
    expect(last['active']).toBe(false);
    peer.drop();
    await server.peer(2);
    await expect.poll(() => client.state).toBe('connected');
    expect(server.peers[1]?.received).toEqual([]);
  });

  it('is tried again where the server refuses it for the moment, and told of where it refuses for good', async () => {
    const { server, client } = await start();
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    client.conversation('c').watch(() => undefined);
    const peer = await server.peer();
    const refuse = async (n: number, code: string, retryable: boolean) => {
      const { request_id } = await peer.next('watch', n);
      peer.send({ type: 'error', error: code, code, retryable, retry_after_ms: 1, request_id });
    };
    await refuse(1, 'rate_limited', true);
    await refuse(2, 'forbidden', false);
    await expect.poll(() => errors).toEqual(['forbidden']);
  });

  it('is disturbed by no listener that throws', async () => {
    const { server, client } = await start();
    const thrown: unknown[] = [];
    const catcher = (error: unknown): void => void thrown.push(error);
    process.once('uncaughtException', catcher);
    const runs: StartedRun[] = [];
    client.conversation('c').watch(() => {
      throw new Error('mine');
    });
    client.conversation('c').watch((run) => runs.push(run));
    const peer = await server.peer();
    await peer.next('watch');
    peer.send(started(randomUUID()));
    await expect.poll(() => runs.length).toBe(1);
    await expect.poll(() => thrown.length).toBe(1);
    process.off('uncaughtException', catcher);
  });
});
