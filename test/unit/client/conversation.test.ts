import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
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

  it('tells of every message all that is kept', async () => {
    const { server, client } = await start();
    const page = client.conversation('c').history();
    const peer = await server.peer();
    const { request_id } = await peer.next('history');
    const usage = { input_tokens: 5, output_tokens: 3, cached_input_tokens: 2, reasoning_tokens: 1 };
    const messages = [
      {
        id: 'q',
        siblings: ['p', 'q'],
        index: 1,
        role: 'user',
        content: 'Look',
        attachments: [{ attachment_id: 'a', type: 'image', media_type: 'image/png', name: 'dot.png', bytes: 70 }],
        created_at: 1,
      },
      {
        id: 't',
        parent_id: 'q',
        role: 'tool',
        content: '2',
        tool_call_id: 'c',
        tool_name: 'sum',
        data: [{ done: 0.5 }],
      },
      {
        id: 'a',
        parent_id: 't',
        role: 'assistant',
        content: 'Hm',
        reasoning: 'Well',
        status: 'failed',
        error: { code: 'rate_limited', error: 'Later' },
        model: 'm',
        finish_reason: 'length',
        usage,
        created_at: 2,
      },
    ];
    peer.send({ type: 'history', conversation_id: 'c', messages, has_more: false, request_id });
    expect((await page).messages).toMatchObject([
      {
        siblings: ['p', 'q'],
        index: 1,
        attachments: [{ attachmentId: 'a', type: 'image', mediaType: 'image/png', name: 'dot.png', bytes: 70 }],
      },
      { parentId: 'q', data: [{ done: 0.5 }] },
      {
        parentId: 't',
        reasoning: 'Well',
        status: 'failed',
        error: { code: 'rate_limited', message: 'Later' },
        model: 'm',
        finishReason: 'length',
        usage: { inputTokens: 5, outputTokens: 3, cachedInputTokens: 2, reasoningTokens: 1, estimated: false },
      },
    ]);
  });

  it('goes on in another branch, which everybody who watches is told', async () => {
    const { server, client } = await start();
    const selected: unknown[] = [];
    client.on('branch-selected', (event) => selected.push(event));
    const leaf = client.conversation('c').selectBranch('m1');
    const peer = await server.peer();
    const { request_id, ...asked } = await peer.next('select_branch');
    expect(asked).toEqual({ type: 'select_branch', conversation_id: 'c', message_id: 'm1' });
    peer.send({ type: 'branch_selected', conversation_id: 'c', message_id: 'm2', request_id });
    expect(await leaf).toBe('m2');
    peer.send({ type: 'branch_selected', conversation_id: 'c', message_id: 'm9' });
    await expect
      .poll(() => selected)
      .toEqual([
        { conversationId: 'c', messageId: 'm2' },
        { conversationId: 'c', messageId: 'm9' },
      ]);
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

describe('attachments', () => {
  it('go out as base64 with their type, whatever they come as', async () => {
    const { server, client } = await start();
    const bytes = new Uint8Array([104, 105]);
    client.stream('a', {
      attachments: [
        { data: bytes, mediaType: 'image/png', name: 'dot.png' },
        { data: Buffer.from('hi'), mediaType: 'text/plain' },
        { data: bytes.buffer, mediaType: 'application/pdf' },
        { data: 'aGk=', mediaType: 'text/plain' },
        { url: 'https://example.com/a.png', mediaType: 'image/png' },
      ],
    });
    const peer = await server.peer();
    expect((await peer.next('streaming_query'))['attachments']).toEqual([
      { type: 'image', media_type: 'image/png', name: 'dot.png', data: 'aGk=' },
      { type: 'file', media_type: 'text/plain', data: 'aGk=' },
      { type: 'file', media_type: 'application/pdf', data: 'aGk=' },
      { type: 'file', media_type: 'text/plain', data: 'aGk=' },
      { type: 'image', media_type: 'image/png', url: 'https://example.com/a.png' },
    ]);
  });

  it('that have to be read first keep the order of asking in their conversation', async () => {
    const { server, client } = await start();
    const conversation = client.conversation('c');
    const file = Object.assign(new Blob([new Uint8Array(100_000)], { type: 'text/plain;charset=utf-8' }), {
      name: 'a.txt',
    });
    conversation.stream('a', { attachments: [file, { data: new Blob(['hi']), name: 'b' }] });
    conversation.stream('b');
    const peer = await server.peer();
    const [first] = [await peer.next('streaming_query', 1), await peer.next('streaming_query', 2)];
    expect(peer.all('streaming_query').map(({ query }) => query)).toEqual(['a', 'b']);
    expect(first['attachments']).toEqual([
      { type: 'file', media_type: 'text/plain', name: 'a.txt', data: Buffer.alloc(100_000).toString('base64') },
      { type: 'file', media_type: 'application/octet-stream', name: 'b', data: 'aGk=' },
    ]);
  });

  it('that cannot be read fail their question and no other one, and one that was cancelled is not sent', async () => {
    const { server, client } = await start();
    const broken = Object.assign(new Blob([]), { arrayBuffer: () => Promise.reject(new Error('gone')) });
    const failed = client.stream('a', { attachments: [broken] });
    const cancelled = client.stream('b', { attachments: [new Blob(['hi'])] });
    const sent = client.stream('c');
    await cancelled.cancel();
    const peer = await server.peer();
    await peer.next('streaming_query');
    expect([failed.error?.code, failed.error?.cause]).toEqual(['invalid_params', new Error('gone')]);
    expect([cancelled.state, sent.state]).toEqual(['cancelled', 'sending']);
    expect(peer.all('streaming_query').map(({ query }) => query)).toEqual(['c']);
  });

  it('that are never read hold up no other conversation, and their own one until the question is cancelled', async () => {
    const { server, client } = await start();
    const stuck = Object.assign(new Blob([]), { arrayBuffer: () => new Promise(() => undefined) });
    const asked = client.conversation('c').stream('a', { attachments: [stuck] });
    const next = client.conversation('c').stream('b');
    client.conversation('d').stream('c');
    client.callTool('t');
    const peer = await server.peer();
    await peer.next('tool_call');
    expect(peer.received.map(({ query }) => query)).toEqual(['c', undefined]);
    await asked.cancel();
    await expect.poll(() => peer.received.map(({ query }) => query)).toEqual(['c', undefined, 'b']);
    expect(next.state).toBe('sending');
  });

  it('that are never read end with the client, which asks on after it is connected again', async () => {
    const { server, client } = await start();
    const stuck = Object.assign(new Blob([]), { arrayBuffer: () => new Promise(() => undefined) });
    const runs = [client.conversation('c').stream('a', { attachments: [stuck] }), client.conversation('c').stream('b')];
    client.close();
    expect(runs.map(({ error }) => error?.code)).toEqual(['client_closed', 'client_closed']);
    await client.connect();
    client.conversation('c').stream('d');
    const peer = await server.peer();
    expect(await peer.next('streaming_query')).toMatchObject({ query: 'd' });
    expect([peer.received.length, server.peers.length]).toEqual([1, 1]);
  });

  it('of a run that is not sent are not read', async () => {
    const { client } = await start();
    const runId = randomUUID();
    const arrayBuffer = vi.fn(() => Promise.reject(new Error('gone')));
    const attachments = [Object.assign(new Blob([]), { arrayBuffer })];
    client.stream('a', { attachments, signal: AbortSignal.abort() });
    client.stream('a', { runId });
    client.stream('a', { runId, attachments });
    client.stream('b', { runId, attachments });
    expect(arrayBuffer).not.toHaveBeenCalled();
    const none = client.stream('a', { attachments: [...attachments, null as unknown as Blob] });
    expect([none.error?.code, arrayBuffer.mock.calls.length]).toEqual(['invalid_params', 0]);
  });

  it('are fetched by their id, and the greeting says what the server takes', async () => {
    const { server, client } = await start();
    const fetched = client.conversation('c').attachment('a');
    const peer = await server.peer();
    const { request_id, ...asked } = await peer.next('attachment');
    expect(asked).toEqual({ type: 'attachment', conversation_id: 'c', attachment_id: 'a' });
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const data = Buffer.from(bytes).toString('base64');
    peer.send({ type: 'attachment', conversation_id: 'c', attachment_id: 'a', data, request_id });
    expect(await fetched).toEqual(bytes);
    expect(client.greeting).toMatchObject({ isReconnect: false, attachments: undefined });
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
