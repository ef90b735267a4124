import { describe, expect, it } from 'vitest';
import { AgentClientError, type RunEvent } from '../../../src/client/index.js';
import { start } from './client.js';

async function all(run: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

describe('a streaming query', () => {
  it('is asked with ids of its own and told piece by piece', async () => {
    const { server, client } = await start();
    const run = client.stream('Say hello', { conversationId: 'c1', model: 'm', temperature: 0, tools: ['a'] });
    expect([run.state, run.text]).toEqual(['sending', '']);
    const peer = await server.peer();
    const asked = await peer.next('streaming_query');
    expect(asked).toEqual({
      type: 'streaming_query',
      query: 'Say hello',
      request_id: expect.any(String) as string,
      run_id: run.id,
      conversation_id: 'c1',
      model: 'm',
      temperature: 0,
      tools: ['a'],
    });
    expect(run.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const of = { run_id: run.id };
    peer.send(
      { type: 'accepted', ...of, state: 'accepted', request_id: asked['request_id'] },
      { type: 'stream_start', vendor: 'v', model: 'm', conversation_id: 'c1', ...of, seq: 1 },
      { type: 'stream_reasoning', content: 'Hm', ...of, seq: 2 },
      { type: 'stream_chunk', content: 'Hel', ...of, seq: 3 },
      { type: 'stream_tool_call', tool_call_id: 't', tool_name: 'a', params: { x: 1 }, ...of, seq: 4 },
      { type: 'stream_tool_result', tool_call_id: 't', tool_name: 'a', result: 2, ...of, seq: 5 },
      { type: 'stream_chunk', content: 'lo', ...of, seq: 6 },
      { type: 'stream_end', finish_reason: 'stop', usage: { input_tokens: 9, output_tokens: 2 }, ...of, seq: 7 },
    );
    const answer = await run;
    expect(answer).toEqual({
      runId: run.id,
      text: 'Hello',
      reasoning: 'Hm',
      toolCalls: [{ toolCallId: 't', toolName: 'a', params: { x: 1 }, result: 2, error: undefined, isDone: true }],
      vendor: 'v',
      model: 'm',
      conversationId: 'c1',
      finishReason: 'stop',
      usage: { inputTokens: 9, outputTokens: 2, estimated: false },
    });
    const events = await all(run);
    expect(events.map(({ type }) => type)).toEqual([
      'state',
      'state',
      'start',
      'reasoning',
      'text',
      'tool-call',
      'tool-result',
      'text',
      'end',
    ]);
    expect(events.at(-1)).toEqual({ type: 'end', state: 'finished', answer });
    expect([run.state, run.seq, run.error]).toEqual(['finished', 7, undefined]);
    // As often as wanted.
    expect(await all(run)).toEqual(events);
  });

  it('is iterated by several at once, whenever they begin', async () => {
    const { server, client } = await start();
    const run = client.stream('x');
    const early = all(run);
    const peer = await server.peer();
    await peer.next('streaming_query');
    peer.send(
      { type: 'stream_start', run_id: run.id, seq: 1 },
      { type: 'stream_chunk', content: 'a', run_id: run.id, seq: 2 },
    );
    await expect.poll(() => run.text).toBe('a');
    const late = all(run);
    peer.send({ type: 'stream_end', run_id: run.id, seq: 3 });
    expect(await early).toEqual(await late);
  });

  it('rejects with what the server refused it for, and is quiet where nobody asks', async () => {
    const { server, client } = await start();
    const run = client.stream(' ');
    const peer = await server.peer();
    const asked = await peer.next('streaming_query');
    peer.send({
      type: 'error',
      error: 'Query is required',
      code: 'query_required',
      retryable: false,
      request_id: asked['request_id'],
      run_id: run.id,
    });
    const error = await Promise.resolve(run).catch((reason: unknown) => reason);
    expect(AgentClientError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'query_required',
      retryable: false,
      runId: run.id,
      message: 'Query is required',
    });
    expect((await all(run)).at(-1)).toEqual({ type: 'end', state: 'failed', error, isFinal: false });
    expect(run.error).toBe(error);
  });
});

describe('an agent query', () => {
  it('gives the answer in one piece', async () => {
    const { server, client } = await start();
    const run = client.ask('Hi');
    const peer = await server.peer();
    await peer.next('agent_query');
    peer.send(
      { type: 'status', status: 'processing', run_id: run.id, seq: 1 },
      { type: 'agent_response', content: 'Hello', vendor: 'v', run_id: run.id, seq: 2 },
    );
    expect(await run).toMatchObject({ text: 'Hello', vendor: 'v' });
  });

  it('keeps the part of an answer that was cut off', async () => {
    const { server, client } = await start();
    const run = client.ask('Hi');
    const peer = await server.peer();
    await peer.next('agent_query');
    peer.send({ type: 'cancelled', reason: 'max_duration', content: 'Hel', run_id: run.id, seq: 1 });
    await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'cancelled', reason: 'max_duration' });
    expect([run.state, run.text]).toEqual(['cancelled', 'Hel']);
  });
});

describe('a tool call', () => {
  it('gives what the tool returned', async () => {
    const { server, client } = await start();
    const run = client.callTool('calculator', { expression: '1+1' });
    const peer = await server.peer();
    expect(await peer.next('tool_call')).toMatchObject({ tool_name: 'calculator', params: { expression: '1+1' } });
    peer.send({ type: 'tool_result', tool_name: 'calculator', result: 2, run_id: run.id, seq: 1 });
    expect((await run).result).toBe(2);
  });

  it.each([
    ['too_deep', JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown],
    ['invalid_params', 1n],
  ])('is refused here as %s where the server could not say which one it means', async (code, value) => {
    const { client } = await start();
    await expect(Promise.resolve(client.callTool('a', { value }))).rejects.toMatchObject({ code });
  });
});
