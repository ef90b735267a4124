import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  defineTool,
  type AgentSocketServerOptions,
  type LlmMessage,
  type LlmPart,
  type LlmRequest,
  type Tool,
} from '../../../src/index.js';
import { createSqliteStore } from '../../../src/stores/sqlite.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startServer, type TestServer } from '../../helpers/server.js';
import { leftBy, temporaryDatabase, textOf } from '../../helpers/sqlite.js';

const never = new Promise<never>(() => undefined);

async function startDurable(path: string, options: Partial<AgentSocketServerOptions>): Promise<TestServer> {
  const store = await createSqliteStore({ path });
  const server = await startServer({ ...options, store });
  onTestFinished(() => store.close());
  return server;
}

const call = (id: string, name = 'act'): LlmPart => ({ type: 'tool-call', id, name, arguments: '{"n":1}' });
const request = (over: object = {}) => ({
  type: 'streaming_query',
  query: 'q',
  run_id: randomUUID(),
  conversation_id: 'c1',
  ...over,
});

function act(options: { name?: string; result?: unknown; needsApproval?: boolean } = {}): {
  tool: Tool;
  acted: number[];
} {
  const acted: number[] = [];
  const tool = defineTool({
    name: options.name ?? 'act',
    description: 'Acts',
    params: z.object({ n: z.number() }),
    needsApproval: options.needsApproval ?? false,
    execute: ({ n }) => {
      acted.push(n);
      return options.result ?? 'acted';
    },
  });
  return { tool, acted };
}

/** Every call of an assistant is answered once, by the tool messages that follow it. */
function checkCalls(messages: readonly LlmMessage[]): void {
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      expect(open).toContain(message.toolCallId);
      open = open.filter((id) => id !== message.toolCallId);
      continue;
    }
    expect(open).toEqual([]);
    if (message.role === 'assistant') open = (message.toolCalls ?? []).map(({ id }) => id);
  }
  expect(open).toEqual([]);
}

async function waitingRun(path: string, asked: ReturnType<typeof request>, tools: Tool[], ...scripts: LlmPart[][]) {
  const before = await startDurable(path, { provider: createScriptedProvider(...scripts), tools });
  const client = await TestClient.connect(before.url);
  client.send(asked);
  await client.next('approval_request');
  return client;
}

describe('a restored run', () => {
  it('finds tools that are registered after the server was made', async () => {
    const path = temporaryDatabase();
    const asked = request();
    await waitingRun(path, asked, [act({ needsApproval: true }).tool], [call('t1')]);
    const after = await startDurable(leftBy(path), { provider: createScriptedProvider(['done']) });
    const { tool, acted } = act({ needsApproval: true });
    after.agent.tools.register(tool);
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id });
    await back.next('resumed');
    back.send({ type: 'approval', run_id: asked.run_id, tool_call_id: 't1', approved: true });
    await back.next('stream_end');
    expect(acted).toEqual([1]);
  });

  it('registered right after the server was made, in the same turn', async () => {
    const path = temporaryDatabase();
    const asked = request();
    await waitingRun(path, asked, [act({ needsApproval: true }).tool], [call('t1')]);
    const http = await import('node:http');
    const store = await createSqliteStore({ path: leftBy(path) });
    onTestFinished(() => store.close());
    const { createAgentSocketServer } = await import('../../../src/index.js');
    const agent = createAgentSocketServer({
      server: http.createServer(),
      provider: createScriptedProvider(['done']),
      store,
    });
    const { tool, acted } = act({ needsApproval: true });
    agent.tools.register(tool);
    onTestFinished(() => agent.close());
    await vi.waitFor(() => expect([...agent.runs].map(({ approvals }) => approvals.open.length)).toEqual([1]));
    await agent.runs.approve({ id: 'anonymous' }, asked.run_id, 't1', { approved: true, by: 'principal' });
    await vi.waitFor(() => expect(acted).toEqual([1]));
  });

  it('whose tool is gone waits for the answer to its question, and then tells the model', async () => {
    const path = temporaryDatabase();
    const asked = request();
    await waitingRun(path, asked, [act({ needsApproval: true }).tool], [call('t1')]);
    const provider = createScriptedProvider(['text', never]);
    const after = await startDurable(leftBy(path), { provider });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: asked.run_id });
    expect((await back.next('resumed')).state).toBe('waiting_approval');
    expect(provider.calls).toEqual([]);
    back.send({ type: 'approval', run_id: asked.run_id, tool_call_id: 't1', approved: true });
    await back.next('stream_chunk', ({ content }) => content === 'text');
    const run = await after.agent.runs.get({ id: 'anonymous' }, asked.run_id);
    expect([run?.state, run?.approvals.open]).toEqual(['running', []]);
    expect(back.all('stream_tool_result')).toMatchObject([{ tool_call_id: 't1', error: { code: 'unknown_tool' } }]);
    checkCalls(provider.calls[0]?.request.messages ?? []);
  });

  it('keeps what is to become of it when nobody reads it', async () => {
    const path = temporaryDatabase();
    const asked = request({ on_disconnect: 'continue' });
    const client = await waitingRun(path, asked, [act({ needsApproval: true }).tool], [call('t1')]);
    const other = request({ conversation_id: 'c2' });
    client.send(other);
    await client.next('approval_request', ({ run_id: id }) => id === other.run_id);
    const after = await startDurable(leftBy(path), {
      provider: createScriptedProvider(['text', never]),
      tools: [act({ needsApproval: true }).tool],
      detachGraceMs: 100,
    });
    const stateOf = async (id: string) => (await after.agent.runs.get({ id: 'anonymous' }, id))?.state;
    const back = await TestClient.connect(after.url);
    for (const { run_id: id } of [asked, other]) {
      back.send({ type: 'approval', run_id: id, tool_call_id: 't1', approved: true });
      await vi.waitFor(async () => expect(await stateOf(id)).not.toBe('waiting_approval'));
    }
    // The one that nothing was said about was left later.
    await vi.waitFor(async () => expect(await stateOf(other.run_id)).toBe('cancelled'));
    expect(await stateOf(asked.run_id)).toBe('running');
  });

  it('is introduced with its question to whoever watches', async () => {
    const path = temporaryDatabase();
    const asked = request({ query: 'the question' });
    await waitingRun(path, asked, [act({ needsApproval: true }).tool], [call('t1')]);
    const after = await startDurable(leftBy(path), { tools: [act({ needsApproval: true }).tool] });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'watch', conversation_id: 'c1' });
    expect(await back.next('run_started')).toMatchObject({ query: 'the question' });
  });

  it('twice restored, some of its calls done, tells the model of each once', async () => {
    const path = temporaryDatabase();
    const asked = request();
    const tools = () => [act({ needsApproval: true }).tool, act({ name: 'free', result: 'freed' }).tool];
    const client = await waitingRun(path, asked, tools(), [call('t1'), call('t2', 'free'), call('t3')]);
    await client.next('stream_tool_result');
    await vi.waitFor(() => expect(client.all('approval_request')).toHaveLength(2));
    const second = leftBy(path);
    const middle = await startDurable(second, { tools: tools() });
    const mid = await TestClient.connect(middle.url);
    mid.send({ type: 'resume', run_id: asked.run_id });
    await mid.next('resumed');
    mid.send({ type: 'approval', run_id: asked.run_id, tool_call_id: 't3', approved: true });
    await mid.next('stream_tool_result', ({ tool_call_id: id }) => id === 't3');
    const provider = createScriptedProvider(['fine'], ['next']);
    const last = await startDurable(leftBy(second), { provider, tools: tools() });
    const back = await TestClient.connect(last.url);
    back.send({ type: 'resume', run_id: asked.run_id });
    await back.next('resumed');
    back.send({ type: 'approval', run_id: asked.run_id, tool_call_id: 't1', approved: false });
    await back.next('stream_end');
    checkCalls(provider.calls[0]?.request.messages ?? []);
    expect(
      provider.calls[0]?.request.messages.filter(({ role }) => role === 'tool').map(({ content }) => content),
    ).toEqual(['{"error":"The call was refused"}', '"freed"', '"acted"']);
    expect(back.all('stream_tool_result').map(({ tool_call_id: id }) => id)).toEqual(['t2', 't3', 't1']);
    await back.ask(request({ query: 'more' }));
    checkCalls(provider.calls[1]?.request.messages ?? []);
  });
});

describe('an interrupted run', () => {
  const asked = (asking: LlmRequest | undefined) =>
    asking?.messages.map((message) => [
      message.role,
      message.content,
      ...('toolCalls' in message ? [message.toolCalls.map(({ id }) => id).join()] : []),
    ]);

  async function crashIn(type: string, ...scripts: (LlmPart | string | Promise<never>)[][]) {
    const path = temporaryDatabase();
    const provider = createScriptedProvider(...scripts);
    const before = await startDurable(path, { provider, tools: [act().tool] });
    const client = await TestClient.connect(before.url);
    const query = request({ type });
    client.send(query);
    const { store } = before.agent.runs;
    await vi.waitFor(async () => {
      const stored = await store.open('anonymous', query.run_id);
      await store.commit();
      // An answer in one piece is in no log before its end.
      const written = stored && (type === 'agent_query' ? stored.draft : await textOf(stored.log));
      expect(written).toContain('three');
    });
    const next = createScriptedProvider(['ok']);
    const after = await startDurable(leftBy(path), { provider: next });
    const back = await TestClient.connect(after.url);
    back.send({ type: 'resume', run_id: query.run_id });
    const end = await back.next('error');
    await back.ask(request({ query: 'next' }));
    return { end, asked: asked(next.calls[0]?.request) };
  }

  it('with text between its calls keeps each text where it was (streaming_query)', async () => {
    const left = await crashIn('streaming_query', ['one ', call('t1')], ['two ', call('t2')], ['three', never]);
    expect(left.asked).toEqual([
      ['user', 'q'],
      ['assistant', 'one ', 't1'],
      ['tool', '"acted"'],
      ['assistant', 'two ', 't2'],
      ['tool', '"acted"'],
      ['assistant', 'three'],
      ['user', 'next'],
    ]);
  });

  it('with text between its calls keeps each text where it was (agent_query)', async () => {
    const left = await crashIn('agent_query', ['one ', call('t1')], ['two ', call('t2')], ['three', never]);
    expect(left.end.content).toBe('three');
    expect(left.asked).toEqual([
      ['user', 'q'],
      ['assistant', 'one ', 't1'],
      ['tool', '"acted"'],
      ['assistant', 'two ', 't2'],
      ['tool', '"acted"'],
      ['assistant', 'three'],
      ['user', 'next'],
    ]);
  });

  it('keeps the calls of two steps apart', async () => {
    const left = await crashIn('streaming_query', [call('t1')], [call('t2')], ['three', never]);
    expect(left.asked).toEqual([
      ['user', 'q'],
      ['assistant', '', 't1'],
      ['tool', '"acted"'],
      ['assistant', '', 't2'],
      ['tool', '"acted"'],
      ['assistant', 'three'],
      ['user', 'next'],
    ]);
  });
});
