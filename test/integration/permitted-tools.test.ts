import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { calculator, defineTool, type LlmRequest, type Principal } from '../../src/index.js';
import { createSqliteStore } from '../../src/stores/sqlite.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

/** A tool that counts its calls. */
function counted(name: string, needsApproval = false) {
  const calls: unknown[] = [];
  const execute = (params: unknown) => {
    calls.push(params);
    return 'done';
  };
  return { calls, tool: defineTool({ name, description: name, params: z.object({}), needsApproval, execute }) };
}

const call = (name: string) => ({ type: 'tool-call', id: `call-${name}`, name, arguments: '{}' }) as const;
const told = ({ messages }: LlmRequest) =>
  messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []));
const offered = ({ tools }: LlmRequest) => tools.map(({ name }) => name);

/** The refusal of a request, without the name that it is about. */
async function refusalOf(client: TestClient, request: Record<string, unknown>): Promise<string> {
  const answer = await client.ask(request);
  if (answer.type !== 'error') throw new Error(`Not refused: ${answer.type}`);
  return `${answer.code}: ${answer.error.replace(/refun[dt]|lar[gj]e/, 'X')}`;
}

const anna = (...scopes: string[]) => ({ authenticate: (): Principal => ({ id: 'anna', scopes }) });

describe('a tool that is not permitted', () => {
  it('is not told to the model, and is unknown if the model calls it', async () => {
    const secret = counted('refund_everything');
    const provider = createScriptedProvider([call('refund_everything')], (request) => [told(request).join()]);
    const { url } = await startServer({ provider, tools: [calculator, secret.tool], ...anna('query', 'tools:calc*') });
    const client = await TestClient.connect(url);
    client.send({ type: 'agent_query', query: 'Refund' });
    const { content } = await client.next('agent_response');
    expect(provider.calls.map(({ request }) => offered(request))).toEqual([['calculator'], ['calculator']]);
    expect(content).toContain('There is no tool \\"refund_everything\\"; there are \\"calculator\\"');
    expect(secret.calls).toEqual([]);
  });

  it('is answered like one that does not exist', async () => {
    const secret = counted('refund');
    const { url } = await startServer({
      tools: [calculator, secret.tool],
      clientMayChoose: { tools: true },
      ...anna('query', 'tools:calculator'),
    });
    const client = await TestClient.connect(url);
    const answers = new Set<string>();
    for (const name of ['refund', 'refunt']) {
      answers.add(await refusalOf(client, { type: 'tool_call', tool_name: name }));
      answers.add(await refusalOf(client, { type: 'agent_query', query: 'Hi', tools: [name] }));
    }
    expect([...answers]).toEqual(['unknown_tool: There is no tool "X"; there are "calculator"']);
    expect(secret.calls).toEqual([]);
    client.send({ type: 'tool_call', tool_name: 'calculator', params: { expression: '2+3' } });
    await client.next('tool_result');
  });

  it('may be one for the client alone', async () => {
    const tool = counted('refund');
    const provider = createScriptedProvider(['Hello']);
    const { url } = await startServer({
      provider,
      tools: [tool.tool],
      permissions: (_principal, action, resource) => action !== 'tool' || resource.by === 'model',
    });
    const client = await TestClient.connect(url);
    client.send({ type: 'tool_call', tool_name: 'refund' });
    expect((await client.next('error')).code).toBe('unknown_tool');
    client.send({ type: 'agent_query', query: 'Hi' });
    await client.next('agent_response');
    expect(provider.calls.map(({ request }) => offered(request))).toEqual([['refund']]);
  });

  it('may be one that no longer is, in the middle of a run', async () => {
    const tool = counted('refund');
    let isPermitted = true;
    const provider = createScriptedProvider(
      () => {
        isPermitted = false;
        return [call('refund')];
      },
      (request) => [told(request).join()],
    );
    const { url } = await startServer({
      provider,
      tools: [tool.tool],
      permissions: (_principal, action, _resource) => action !== 'tool' || isPermitted,
    });
    const client = await TestClient.connect(url);
    client.send({ type: 'agent_query', query: 'Refund' });
    expect((await client.next('agent_response')).content).toContain('There is no tool');
    expect(provider.calls.map(({ request }) => offered(request))).toEqual([['refund'], []]);
    expect(tool.calls).toEqual([]);
  });
});

describe('the choice of a model', () => {
  it('is among those permitted, and an unknown model is answered like a forbidden one', async () => {
    const provider = createScriptedProvider(['Hello']);
    const { url } = await startServer({
      provider,
      clientMayChoose: { models: ['small', 'large'] },
      ...anna('query', 'models:s*'),
    });
    const client = await TestClient.connect(url);
    const answers = new Set<string>();
    for (const model of ['large', 'larje']) {
      answers.add(await refusalOf(client, { type: 'agent_query', query: 'Hi', model }));
    }
    expect([...answers]).toEqual([expect.stringMatching(/^forbidden: .*"X"; it may choose "small"$/)]);
    client.send({ type: 'agent_query', query: 'Hi', model: 'small' });
    expect((await client.next('agent_response')).model).toBe('small');
  });

  it('is never wider than `clientMayChoose`', async () => {
    const { url } = await startServer({ permissions: () => true });
    const client = await TestClient.connect(url);
    client.send({ type: 'agent_query', query: 'Hi', model: 'any' });
    expect((await client.next('error')).code).toBe('forbidden');
  });
});

it('the scopes of a run that waits for a person outlive a restart', async () => {
  const path = `${temporaryDirectory()}/agent.db`;
  const pay = counted('pay', true);
  const secret = counted('refund');
  const tools = [pay.tool, secret.tool];
  const runId = randomUUID();
  const who = anna('query', 'resume', 'approve', 'tools:pay');
  {
    const store = await createSqliteStore({ path });
    const { agent, url } = await startServer({
      provider: createScriptedProvider([call('pay')]),
      store,
      tools,
      ...who,
    });
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'Pay', run_id: runId, conversation_id: 'c' });
    await client.next('approval_request');
    await agent.close({ drainMs: 0 });
    await store.close();
  }
  const store = await createSqliteStore({ path });
  onTestFinished(() => store.close());
  const provider = createScriptedProvider([call('refund')], (request) => [told(request).join()]);
  const { url } = await startServer({ provider, store, tools, ...who });
  const client = await TestClient.connect(url);
  client.send({ type: 'resume', run_id: runId });
  await client.next('resumed');
  client.send({ type: 'approval', run_id: runId, tool_call_id: 'call-pay', approved: true });
  await client.next('stream_end');
  expect(provider.calls.map(({ request }) => offered(request))).toEqual([['pay'], ['pay']]);
  expect([pay.calls.length, secret.calls.length]).toEqual([1, 0]);
});
