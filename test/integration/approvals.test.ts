import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type LlmPart, type LlmRequest, type Tool, type ToolDefinition } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { startServer } from '../helpers/server.js';

const params = z.object({ amount: z.number() });
const call = (id: string, amount: number): LlmPart => ({
  type: 'tool-call',
  id,
  name: 'pay',
  arguments: JSON.stringify({ amount }),
});
/** What the model was told of its calls. */
const told = (request: LlmRequest) =>
  request.messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []));

function pay(needsApproval: NonNullable<ToolDefinition<typeof params>['needsApproval']> = true): {
  tool: Tool;
  paid: number[];
} {
  const paid: number[] = [];
  const tool = defineTool({
    name: 'pay',
    description: 'Pays',
    params,
    needsApproval,
    execute: ({ amount }) => {
      paid.push(amount);
      return { paid: amount };
    },
  });
  return { tool, paid };
}

const query = { type: 'streaming_query', query: 'Pay 5', run_id: '' };
const ask = () => ({ ...query, run_id: randomUUID() });

describe('an approval', () => {
  it('is asked for before the tool runs, with exactly the params shown', async () => {
    const { tool, paid } = pay();
    const provider = createScriptedProvider([call('c1', 5)], (request) => [told(request).join()]);
    const server = await startServer({ provider, tools: [tool] });
    const client = await TestClient.connect(server.url);
    const request = ask();
    client.send(request);
    expect(await client.next('approval_request')).toMatchObject({
      tool_call_id: 'c1',
      tool_name: 'pay',
      params: { amount: 5 },
      expires_in_ms: 300_000,
      run_id: request.run_id,
    });
    await vi.waitFor(async () =>
      expect((await server.agent.runs.get({ id: 'anonymous' }, request.run_id))?.state).toBe('waiting_approval'),
    );
    expect(paid).toEqual([]);
    client.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c1', approved: true, request_id: 'a' });
    expect(await client.next('stream_tool_result')).toMatchObject({ result: { paid: 5 } });
    await client.next('stream_end');
    expect(paid).toEqual([5]);
    expect(client.text(request.run_id)).toBe('{"paid":5}');
    const resolved = client.all('approval_resolved');
    expect(resolved.find(({ seq }) => seq !== undefined)).toMatchObject({ approved: true, by: 'principal' });
    expect(resolved.find(({ seq }) => seq === undefined)).toMatchObject({ approved: true, request_id: 'a' });
  });

  it('that is refused tells the model why, and nothing runs', async () => {
    const { tool, paid } = pay();
    const provider = createScriptedProvider([call('c1', 5)], (request) => [told(request).join()]);
    const server = await startServer({ provider, tools: [tool] });
    const client = await TestClient.connect(server.url);
    const request = ask();
    client.send(request);
    await client.next('approval_request');
    client.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c1', approved: false, reason: 'too much' });
    expect(await client.next('stream_tool_result')).toMatchObject({ error: { code: 'forbidden' } });
    await client.next('stream_end');
    expect(client.text(request.run_id)).toContain('The call was refused: too much');
    expect(paid).toEqual([]);
  });

  it('expires by the clock of the server', async () => {
    const { tool, paid } = pay();
    const provider = createScriptedProvider([call('c1', 5)], (request) => [told(request).join()]);
    const server = await startServer({ provider, tools: [tool], approvalTimeoutMs: 50 });
    const client = await TestClient.connect(server.url);
    const request = ask();
    client.send(request);
    expect(await client.next('approval_resolved')).toMatchObject({ approved: false, by: 'expiry' });
    await client.next('stream_end');
    expect(client.text(request.run_id)).toContain('in time');
    const since = client.messages.length;
    client.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c1', approved: true });
    expect(await client.next('approval_resolved', undefined, since)).toMatchObject({ approved: false, by: 'expiry' });
    expect(paid).toEqual([]);
  });

  it('is decided once, however many tabs answer at the same time', async () => {
    const { tool, paid } = pay();
    const server = await startServer({ provider: createScriptedProvider([call('c1', 5)], ['done']), tools: [tool] });
    const request = ask();
    const tabs = await Promise.all(Array.from({ length: 6 }, () => TestClient.connect(server.url)));
    tabs[0]?.send(request);
    await tabs[0]?.next('approval_request');
    for (const tab of tabs.slice(1)) {
      tab.send({ type: 'resume', run_id: request.run_id });
      expect(await tab.next('resumed')).toMatchObject({
        state: 'waiting_approval',
        pending_approvals: [{ tool_call_id: 'c1', tool_name: 'pay', params: { amount: 5 } }],
      });
    }
    for (const [index, tab] of tabs.entries()) {
      tab.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c1', approved: index % 2 === 1 });
    }
    await Promise.all(tabs.map((tab) => tab.next('stream_end')));
    const decisions = await Promise.all(
      tabs.map((tab) => tab.next('approval_resolved', ({ seq }) => seq === undefined)),
    );
    expect(new Set(decisions.map(({ approved }) => approved)).size).toBe(1);
    for (const tab of tabs) {
      expect(tab.all('approval_resolved').filter(({ seq }) => seq !== undefined)).toHaveLength(1);
    }
    expect(paid.length).toBe(decisions[0]?.approved === true ? 1 : 0);
  });

  it('of several calls of one step are decided one by one, while the others run', async () => {
    const { tool, paid } = pay(({ amount }) => amount > 10);
    const provider = createScriptedProvider([call('small', 1), call('big', 100), call('huge', 1_000)], ['done']);
    const server = await startServer({ provider, tools: [tool] });
    const client = await TestClient.connect(server.url);
    const request = ask();
    client.send(request);
    await vi.waitFor(() => expect(client.all('approval_request')).toHaveLength(2));
    await client.next('stream_tool_result', ({ tool_call_id: id }) => id === 'small');
    expect(paid).toEqual([1]);
    client.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'huge', approved: true });
    await client.next('stream_tool_result', ({ tool_call_id: id }) => id === 'huge');
    expect((await server.agent.runs.get({ id: 'anonymous' }, request.run_id))?.state).toBe('waiting_approval');
    client.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'big', approved: false });
    await client.next('stream_end');
    expect(paid).toEqual([1, 1_000]);
  });

  it('is not asked for where the params are wrong, or the function says no', async () => {
    const needsApproval = vi.fn(() => false);
    const { tool, paid } = pay(needsApproval);
    const wrong: LlmPart = { type: 'tool-call', id: 'c0', name: 'pay', arguments: '{"amount":"much"}' };
    const server = await startServer({
      provider: createScriptedProvider([wrong, call('c1', 5)], ['done']),
      tools: [tool],
    });
    const client = await TestClient.connect(server.url);
    const request = ask();
    expect(await client.ask(request)).toMatchObject({ type: 'stream_end' });
    expect(client.all('approval_request')).toEqual([]);
    expect(paid).toEqual([5]);
    expect(needsApproval).toHaveBeenCalledExactlyOnceWith(
      { amount: 5 },
      { runId: request.run_id, toolCallId: 'c1', principal: { id: 'anonymous' } },
    );
  });

  it('fails the call where the function throws, and asks nobody', async () => {
    const { tool, paid } = pay(() => {
      throw new Error('secret');
    });
    const server = await startServer({ provider: createScriptedProvider([call('c1', 5)], ['done']), tools: [tool] });
    const client = await TestClient.connect(server.url);
    await client.ask(ask());
    expect(client.all('stream_tool_result')).toMatchObject([{ error: { code: 'tool_failed' } }]);
    expect(JSON.stringify(client.frames)).not.toContain('secret');
    expect(paid).toEqual([]);
  });

  it('shows the params as the tool gets them, defaults included', async () => {
    const { tool, paid } = pay();
    const generous = { ...tool, params: z.object({ amount: z.number().default(1_000) }) };
    const call: LlmPart = { type: 'tool-call', id: 'c1', name: 'pay', arguments: '{}' };
    const server = await startServer({ provider: createScriptedProvider([call], ['done']), tools: [generous] });
    const client = await TestClient.connect(server.url);
    const request = ask();
    client.send(request);
    expect(await client.next('approval_request')).toMatchObject({ params: { amount: 1_000 } });
    client.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c1', approved: true });
    await client.next('stream_end');
    expect(paid).toEqual([1_000]);
  });

  it('works for a direct tool call', async () => {
    const { tool, paid } = pay();
    const server = await startServer({ tools: [tool] });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'tool_call', tool_name: 'pay', params: { amount: 7 }, run_id: runId });
    expect(await client.next('approval_request')).toMatchObject({ tool_call_id: runId, seq: 1 });
    client.send({ type: 'approval', run_id: runId, tool_call_id: runId, approved: true });
    expect(await client.next('tool_result')).toMatchObject({ result: { paid: 7 }, seq: 3 });
    client.send({ type: 'tool_call', tool_name: 'pay', params: { amount: 8 }, run_id: randomUUID() });
    const second = await client.next('approval_request', ({ run_id: id }) => id !== runId);
    client.send({ type: 'approval', run_id: second.run_id, tool_call_id: second.run_id, approved: false });
    expect(await client.next('error')).toMatchObject({ code: 'forbidden', run_id: second.run_id });
    expect(paid).toEqual([7]);
  });

  it('ends with the run: cancelled, it says so and nothing runs', async () => {
    const { tool, paid } = pay();
    const server = await startServer({ provider: createScriptedProvider([call('c1', 5)], ['done']), tools: [tool] });
    const client = await TestClient.connect(server.url);
    const request = ask();
    client.send(request);
    await client.next('approval_request');
    client.send({ type: 'cancel', run_id: request.run_id });
    expect(await client.next('approval_resolved')).toMatchObject({ approved: false, by: 'cancel' });
    expect(await client.next('cancelled', ({ seq }) => seq !== undefined)).toMatchObject({ reason: 'requested' });
    const since = client.messages.length;
    client.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c1', approved: true });
    expect(await client.next('approval_resolved', undefined, since)).toMatchObject({ approved: false, by: 'cancel' });
    expect(paid).toEqual([]);
  });

  it('does not run out of readers: a run that waits for a person is not timed', async () => {
    const { tool, paid } = pay();
    const provider = createScriptedProvider((request) => (told(request).length > 0 ? ['done'] : [call('c1', 5)]));
    const server = await startServer({ provider, tools: [tool], detachGraceMs: 40 });
    const client = await TestClient.connect(server.url);
    const [waiting, clock] = [ask(), { ...ask(), query: 'clock' }];
    client.send(waiting);
    await client.next('approval_request');
    client.send({ ...clock, type: 'tool_call', tool_name: 'pay', params: { amount: 1 } });
    await client.next('approval_request', ({ run_id: id }) => id === clock.run_id);
    client.socket.terminate();
    await vi.waitFor(() => expect(server.agent.connections.size).toBe(0));
    const back = await TestClient.connect(server.url);
    // Decided with nobody reading: from here on the run is timed, and tells when the grace is over.
    back.send({ type: 'approval', run_id: clock.run_id, tool_call_id: clock.run_id, approved: true });
    await vi.waitFor(() => expect(server.agent.runs.size).toBe(1));
    back.send({ type: 'approval', run_id: waiting.run_id, tool_call_id: 'c1', approved: true });
    back.send({ type: 'resume', run_id: waiting.run_id });
    await back.next('stream_end');
    expect(paid).toEqual([1, 5]);
  });

  it('cannot be given by a client of the core: the tool is refused and the model told', async () => {
    const { tool, paid } = pay();
    const provider = createScriptedProvider([call('c1', 5)], (request) => [told(request).join()]);
    const server = await startServer({ provider, tools: [tool] });
    const client = await TestClient.connect(server.url, { negotiate: false });
    client.send(ask());
    await client.next('stream_end');
    expect(client.all('stream_chunk')[0]?.content).toContain('needs an approval');
    expect(await client.ask({ type: 'tool_call', tool_name: 'pay', params: { amount: 1 } })).toMatchObject({
      type: 'error',
      code: 'forbidden',
    });
    expect(paid).toEqual([]);
  });

  it("is the owner's to give, and only where it was asked for", async () => {
    const { tool, paid } = pay();
    const server = await startServer({
      provider: createScriptedProvider([call('c1', 5)], ['done']),
      tools: [tool],
      authenticate: (request) => ({ id: String(request.headers['x-user']) }),
    });
    const anna = await TestClient.connect(server.url, { headers: { 'x-user': 'anna' } });
    const bert = await TestClient.connect(server.url, { headers: { 'x-user': 'bert' } });
    const request = ask();
    anna.send(request);
    await anna.next('approval_request');
    bert.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c1', approved: true });
    expect(await bert.next('error')).toMatchObject({ code: 'run_not_found' });
    anna.send({ type: 'approval', run_id: request.run_id, tool_call_id: 'c9', approved: true });
    expect(await anna.next('error')).toMatchObject({ code: 'approval_not_found' });
    expect(paid).toEqual([]);
  });
});
