import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  defineTool,
  type AgentSocketServerOptions,
  type LlmPart,
  type LlmRequest,
  type Store,
  type Tool,
} from '../../src/index.js';
import { createSqliteStore } from '../../src/stores/sqlite.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer, type TestServer } from '../helpers/server.js';
import { leftBy, temporaryDatabase } from '../helpers/sqlite.js';

const never = new Promise<never>(() => undefined);

/** A server on a database, which can be left as a killed process would leave it. */
async function startDurable(path: string, options: Partial<AgentSocketServerOptions>): Promise<TestServer> {
  const store: Store = await createSqliteStore({ path });
  const server = await startServer({ ...options, store });
  onTestFinished(() => store.close());
  return server;
}

async function history(client: TestClient) {
  client.send({ type: 'history', conversation_id: 'c1' });
  return (await client.next('history')).messages.map(({ role, content, status }) => [role, content, status]);
}

const request = (over: object = {}) => ({
  type: 'streaming_query',
  query: 'q',
  run_id: randomUUID(),
  conversation_id: 'c1',
  ...over,
});

describe('after a crash', () => {
  it('a stream in progress ends run_interrupted, after all its client had seen', async () => {
    const path = temporaryDatabase();
    const before = await startDurable(path, { provider: createScriptedProvider(['one ', 'two ', never]) });
    const client = await TestClient.connect(before.url);
    const asked = request();
    client.send(asked);
    await client.next('stream_chunk', ({ content }) => content.includes('two'));
    const epoch = client.connected.epoch;
    const provider = createScriptedProvider(['next']);
    const after = await startDurable(leftBy(path), { provider });
    const back = await TestClient.connect(after.url);
    expect(back.connected.epoch).toBe(epoch);
    back.send({ type: 'resume', run_id: asked.run_id, after: 0 });
    expect(await back.next('resumed')).toMatchObject({ state: 'interrupted' });
    const end = await back.next('error');
    expect(end).toMatchObject({ code: 'run_interrupted', retryable: true, run_id: asked.run_id });
    expect(end.content).toBeUndefined();
    expect(back.text(asked.run_id)).toBe('one two ');
    // Asked for again it is read, not executed.
    expect(await back.ask(asked)).toMatchObject({ code: 'run_interrupted' });
    expect(provider.calls).toHaveLength(0);
    // The conversation is free, and knows what there was.
    expect(await history(back)).toEqual([
      ['user', 'q', undefined],
      ['assistant', 'one two ', 'interrupted'],
    ]);
    expect(await back.ask(request({ query: 'and?' }))).toMatchObject({ type: 'stream_end' });
    expect(provider.calls[0]?.request.messages.map(({ content }) => content)).toEqual(['q', 'one two ', 'and?']);
  });

  it('an edit without a word leaves selected what was there before', async () => {
    const path = temporaryDatabase();
    const before = await startDurable(path, { provider: createScriptedProvider(['one'], ['two'], [never]) });
    const client = await TestClient.connect(before.url);
    await client.ask(request({ query: 'first' }));
    await client.ask(request({ query: 'second' }));
    client.send({ type: 'history', conversation_id: 'c1' });
    const first = (await client.next('history')).messages[0]?.id;
    client.send(request({ query: 'other', replace_from: first }));
    await client.next('stream_start', ({ question_id: id }) => id !== first && client.all('stream_start').length === 3);
    await before.agent.runs.store.commit();
    const after = await startDurable(leftBy(path), {});
    const back = await TestClient.connect(after.url);
    await vi.waitFor(() => expect(after.agent.runs.size).toBe(0));
    expect((await history(back)).map(([, content]) => content)).toEqual(['first', 'one', 'second', 'two']);
  });

  it('an answer in one piece tells what there was of it', async () => {
    const path = temporaryDatabase();
    const before = await startDurable(path, { provider: createScriptedProvider(['one ', 'two ', never]) });
    const client = await TestClient.connect(before.url);
    const asked = request({ type: 'agent_query' });
    client.send(asked);
    await client.next('status');
    await vi.waitFor(async () => {
      client.send({ type: 'ping' });
      await client.next('pong');
      const run = [...before.agent.runs][0];
      expect(run?.bytes).toBeGreaterThan(120);
    });
    await before.agent.runs.store.commit();
    const after = await startDurable(leftBy(path), {});
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id, after: 1 });
    expect(await back.next('error')).toMatchObject({ code: 'run_interrupted', content: 'one two ' });
    expect(await history(back)).toEqual([
      ['user', 'q', undefined],
      ['assistant', 'one two ', 'interrupted'],
    ]);
  });

  it('a run that waited in line is interrupted, and never starts', async () => {
    const path = temporaryDatabase();
    const before = await startDurable(path, { provider: createScriptedProvider(['a', never]) });
    const client = await TestClient.connect(before.url);
    const [first, second] = [request(), request({ query: 'second' })];
    client.send(first);
    client.send(second);
    await client.next('stream_chunk');
    await vi.waitFor(() => expect(client.all('accepted')).toHaveLength(2));
    const provider = createScriptedProvider(['x']);
    const after = await startDurable(leftBy(path), { provider });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: second.run_id });
    expect(await back.next('error')).toMatchObject({ code: 'run_interrupted', seq: 1 });
    expect(provider.calls).toHaveLength(0);
    expect(after.agent.runs.size).toBe(0);
  });

  it('leaves what was finished as it was', async () => {
    const path = temporaryDatabase();
    const before = await startDurable(path, { provider: createScriptedProvider(['whole']) });
    const client = await TestClient.connect(before.url);
    const asked = request();
    const end = await client.ask(asked);
    const after = await startDurable(leftBy(path), {});
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id });
    expect({ ...(await back.next('stream_end')), timestamp: 0 }).toEqual({
      ...end,
      request_id: undefined,
      timestamp: 0,
    });
    expect(back.text(asked.run_id)).toBe('whole');
    expect(await history(back)).toEqual([
      ['user', 'q', undefined],
      ['assistant', 'whole', undefined],
    ]);
  });
});

describe('tools and a crash', () => {
  const call: LlmPart = { type: 'tool-call', id: 't1', name: 'act', arguments: '{"n":1}' };
  const told = (asked: LlmRequest) => asked.messages.flatMap((m) => (m.role === 'tool' ? [m.content] : [])).join();

  function act(options: { hangs?: boolean; needsApproval?: boolean } = {}): { tool: Tool; acted: number[] } {
    const acted: number[] = [];
    const tool = defineTool({
      name: 'act',
      description: 'Acts',
      params: z.object({ n: z.number() }),
      needsApproval: options.needsApproval ?? false,
      execute: ({ n }) => {
        acted.push(n);
        return options.hangs === true ? never : 'acted';
      },
    });
    return { tool, acted };
  }

  it('a tool that had started is reported as unknown, and never repeated', async () => {
    const path = temporaryDatabase();
    const first = act({ hangs: true });
    const before = await startDurable(path, {
      provider: createScriptedProvider(['Let me. ', call]),
      tools: [first.tool],
    });
    const client = await TestClient.connect(before.url);
    const asked = request();
    client.send(asked);
    await vi.waitFor(() => expect(first.acted).toEqual([1]));
    await client.next('stream_tool_call');
    const second = act();
    const provider = createScriptedProvider(['ok']);
    const after = await startDurable(leftBy(path), { provider, tools: [second.tool] });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id });
    expect(await back.next('stream_tool_result')).toMatchObject({
      tool_call_id: 't1',
      error: { code: 'outcome_unknown' },
    });
    expect(await back.next('error')).toMatchObject({ code: 'run_interrupted' });
    expect(second.acted).toEqual([]);
    await back.ask(request({ query: 'And?' }));
    expect(told(provider.calls[0]?.request ?? { messages: [], tools: [] })).toContain('not repeated');
  });

  it.each(['streaming_query', 'agent_query'])('a model of a %s gets back what it wants back', async (type) => {
    const path = temporaryDatabase();
    const first = act({ hangs: true });
    const before = await startDurable(path, {
      provider: createScriptedProvider([
        { type: 'reasoning-delta', text: 'Hm. ' },
        { type: 'text-delta', text: 'Let me. ' },
        { type: 'provider-data', data: { thinking: 'signed' } },
        { ...call, providerData: { signature: 'abc' } },
      ]),
      tools: [first.tool],
    });
    const client = await TestClient.connect(before.url);
    client.send(request({ type }));
    await vi.waitFor(() => expect(first.acted).toEqual([1]));
    await client.next('stream_tool_call');
    const provider = createScriptedProvider(['ok']);
    const after = await startDurable(leftBy(path), { provider });
    const back = await TestClient.connect(after.url);
    await back.ask(request({ query: 'And?' }));
    const [, said] = provider.calls[0]?.request.messages ?? [];
    expect(said).toMatchObject({
      role: 'assistant',
      content: 'Let me. ',
      reasoning: 'Hm. ',
      providerData: { thinking: 'signed' },
      toolCalls: [{ id: 't1', arguments: '{"n":1}', providerData: { signature: 'abc' } }],
    });
  });

  it('a direct call that had started says so before its end', async () => {
    const path = temporaryDatabase();
    const first = act({ hangs: true });
    const before = await startDurable(path, { tools: [first.tool] });
    const client = await TestClient.connect(before.url);
    const runId = randomUUID();
    client.send({ type: 'tool_call', tool_name: 'act', params: { n: 1 }, run_id: runId });
    await vi.waitFor(() => expect(first.acted).toEqual([1]));
    const second = act();
    const after = await startDurable(leftBy(path), { tools: [second.tool] });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: runId });
    expect(await back.next('stream_tool_result')).toMatchObject({
      tool_call_id: runId,
      tool_name: 'act',
      error: { code: 'outcome_unknown' },
    });
    expect(await back.next('error')).toMatchObject({ code: 'run_interrupted' });
    expect(await back.ask({ type: 'tool_call', tool_name: 'act', params: { n: 1 }, run_id: runId })).toMatchObject({
      code: 'run_interrupted',
    });
    expect(second.acted).toEqual([]);
  });

  it('a run that waits for an approval goes on, with exactly the params shown', async () => {
    const path = temporaryDatabase();
    const first = act({ needsApproval: true });
    const provider = createScriptedProvider(['Let me. ', call]);
    const before = await startDurable(path, { provider, tools: [first.tool] });
    const client = await TestClient.connect(before.url);
    const asked = request();
    client.send(asked);
    const shown = await client.next('approval_request');
    const second = act({ needsApproval: true });
    const next = createScriptedProvider((asking) => [told(asking)]);
    const after = await startDurable(leftBy(path), { provider: next, tools: [second.tool] });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id, after: shown.seq });
    const resumed = await back.next('resumed');
    expect(resumed).toMatchObject({
      state: 'waiting_approval',
      head: shown.seq,
      pending_approvals: [{ tool_call_id: 't1', tool_name: 'act', params: { n: 1 } }],
    });
    expect(resumed.pending_approvals?.[0]?.expires_in_ms).toBeLessThanOrEqual(300_000);
    // The conversation is still its own.
    back.send(request({ query: 'later' }));
    await vi.waitFor(() => expect(back.all('accepted')).toMatchObject([{ state: 'queued' }]));
    back.send({ type: 'approval', run_id: asked.run_id, tool_call_id: 't1', approved: true });
    await back.next('stream_end', ({ run_id: id }) => id === asked.run_id);
    expect(second.acted).toEqual([1]);
    expect(first.acted).toEqual([]);
    expect(back.all('approval_request')).toEqual([]);
    expect(back.text(asked.run_id)).toBe('"acted"');
    expect((await history(back)).slice(0, 5)).toEqual([
      ['user', 'q', undefined],
      ['assistant', 'Let me. ', undefined],
      ['tool', '"acted"', undefined],
      ['assistant', '"acted"', undefined],
      ['user', 'later', undefined],
    ]);
  });

  it('a direct call that waits for an approval goes on', async () => {
    const path = temporaryDatabase();
    const before = await startDurable(path, { tools: [act({ needsApproval: true }).tool] });
    const client = await TestClient.connect(before.url);
    const runId = randomUUID();
    client.send({ type: 'tool_call', tool_name: 'act', params: { n: 3 }, run_id: runId });
    await client.next('approval_request');
    const second = act({ needsApproval: true });
    const after = await startDurable(leftBy(path), { tools: [second.tool] });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'approval', run_id: runId, tool_call_id: runId, approved: true });
    back.send({ type: 'resume', run_id: runId });
    expect(await back.next('tool_result')).toMatchObject({ result: 'acted' });
    expect(second.acted).toEqual([3]);
  });

  it('an approval that ran out meanwhile is refused', async () => {
    const path = temporaryDatabase();
    const before = await startDurable(path, {
      provider: createScriptedProvider([call]),
      tools: [act({ needsApproval: true }).tool],
      approvalTimeoutMs: 60,
    });
    const client = await TestClient.connect(before.url);
    const asked = request();
    client.send(asked);
    await client.next('approval_request');
    const copy = leftBy(path);
    await client.next('approval_resolved');
    const second = act({ needsApproval: true });
    const after = await startDurable(copy, { provider: createScriptedProvider(['fine']), tools: [second.tool] });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id });
    expect(await back.next('approval_resolved')).toMatchObject({ approved: false, by: 'expiry' });
    await back.next('stream_end');
    expect(second.acted).toEqual([]);
  });

  it('a server that drains leaves a run that waits for a person to the next one', async () => {
    const path = temporaryDatabase();
    const first = act({ needsApproval: true });
    const store = await createSqliteStore({ path });
    const before = await startServer({ provider: createScriptedProvider([call]), tools: [first.tool], store });
    const client = await TestClient.connect(before.url);
    const asked = request();
    client.send(asked);
    await client.next('approval_request');
    await before.agent.close({ drainMs: 5_000, closeCode: 'draining' });
    await store.close();
    expect(client.all('error')).toEqual([]);
    const second = act({ needsApproval: true });
    const after = await startDurable(path, { provider: createScriptedProvider(['done']), tools: [second.tool] });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id });
    await back.next('approval_request');
    back.send({ type: 'approval', run_id: asked.run_id, tool_call_id: 't1', approved: true });
    await back.next('stream_end');
    expect([first.acted, second.acted]).toEqual([[], [1]]);
  });
});
