import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, OptionError, type AgentSocketServerOptions } from '../../../src/index.js';
import { METRICS } from '../../../src/telemetry/metric-table.js';
import { createMetrics, Registry } from '../../../src/telemetry/metrics.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { frame, OPCODE, RawClient } from '../../helpers/raw-client.js';
import { startServer, type TestServer } from '../../helpers/server.js';

const RUN_ID = '3f0c1f0e-5d5b-4b7a-9c55-0d1f6f2b8a11';

const approve = defineTool({
  name: 'approve',
  description: 'Needs a person.',
  params: z.object({}),
  needsApproval: true,
  execute: () => 'done',
});

/** A served service, its metrics, and a way to read one. */
async function measured(
  options: Partial<AgentSocketServerOptions> = {},
): Promise<
  TestServer & { readonly registry: Registry; readonly read: (name: string, labels?: object) => Promise<number> }
> {
  const registry = new Registry();
  const server = await startServer({ ...options, metrics: registry });
  createMetrics(server.agent, { registry, models: ['scripted'] });
  const read = async (name: string, labels: object = {}): Promise<number> => {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${String(value)}"`);
    const text = await (await fetch(`${server.origin}/metrics`)).text();
    const lines = text.split('\n').filter((line) => {
      const [, metric, found = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
      return metric === name && pairs.every((pair) => found.split(',').includes(pair));
    });
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  return { ...server, registry, read };
}

describe('createMetrics', () => {
  it('counts connections by state and close code, and refused handshakes by reason', async () => {
    const { url, read, agent } = await measured({ maxConnections: 2 });
    const one = await TestClient.connect(url);
    const two = await TestClient.connect(url);
    expect(await read('agent_ws_connections', { state: 'open' })).toBe(2);
    expect(await read('agent_ws_connections_limit')).toBe(2);
    await expect(TestClient.connect(url)).rejects.toThrow('1013');
    await one.close();
    two.send({ type: 'ping' });
    await two.next('pong');
    agent.connections.disconnect(two.connected.connection_id, { code: 4321, reason: 'Mine' });
    await two.closed;
    await expect.poll(() => read('agent_ws_connections_closed_total', { code: 'other' })).toBe(1);
    expect(await read('agent_ws_connections_closed_total', { code: 1000 })).toBe(1);
    expect(await read('agent_ws_connections_opened_total')).toBe(2);
    expect(await read('agent_ws_handshakes_refused_total', { reason: '1013' })).toBe(1);
    expect(await read('agent_ws_messages_received_total', { type: 'ping' })).toBe(1);
  });

  it('counts runs, tokens and gaps', async () => {
    const usage = { type: 'usage', inputTokens: 7, outputTokens: 3 } as const;
    const { url, read } = await measured({ provider: createScriptedProvider(['a', 'b', 'c', usage]) });
    const client = await TestClient.connect(url);
    await client.ask({ type: 'streaming_query', query: 'Hi' });
    await client.ask({ type: 'agent_query', query: 'Hi' });
    expect(await read('agent_ws_runs_started_total', { kind: 'agent_query' })).toBe(1);
    expect(await read('agent_ws_runs_ended_total', { kind: 'streaming_query', state: 'finished', code: '' })).toBe(1);
    expect(await read('agent_ws_run_seconds_count', { kind: 'agent_query' })).toBe(1);
    expect(await read('agent_ws_first_token_seconds_count')).toBe(2);
    expect(await read('agent_ws_token_gap_seconds_count')).toBe(4);
    expect(await read('agent_ws_token_gap_seconds_bucket', { le: '+Inf' })).toBe(4);
    expect(await read('agent_ws_tokens_total', { direction: 'input' })).toBe(14);
    expect(await read('agent_ws_tokens_total', { direction: 'output' })).toBe(6);
    expect(await read('agent_ws_model_calls_total', { outcome: 'ok' })).toBe(2);
    expect(await read('agent_ws_held_bytes', { kind: 'runs' })).toBe(0);
    expect(await read('agent_ws_runs')).toBe(0);
  });

  it('says what is held, and by what', async () => {
    const { port, url, read } = await measured();
    const held = (kind: string): Promise<number> => read('agent_ws_held_bytes', { kind });
    expect([await held('retained'), await held('rooms'), await held('unfinished')]).toEqual([0, 0, 0]);
    const client = await TestClient.connect(url);
    await client.ask({ type: 'streaming_query', query: 'Hi' });
    client.send({ type: 'join', room: 'here' });
    client.send({ type: 'room_message', room: 'here', content: 'Hello' });
    await client.next('room_published');
    const raw = await RawClient.open(port);
    raw.socket.write(frame(OPCODE.text, 'x'.repeat(100)).subarray(0, 80));
    await expect.poll(() => held('unfinished')).toBe(80);
    expect(await held('retained')).toBeGreaterThan(0);
    expect(await held('rooms')).toBeGreaterThan(0);
  });

  it('measures cancels, and text that a provider gives after one', async () => {
    const stream = async function* () {
      yield { type: 'text-delta', text: 'a' } as const;
      // It ignores its signal.
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield [{ type: 'text-delta', text: 'b' } as const];
      }
    };
    const { url, read } = await measured({ provider: { vendor: 'test', stream } });
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    client.send({ type: 'cancel' });
    await client.next('cancelled');
    expect(await read('agent_ws_runs_ended_total', { state: 'cancelled', kind: 'streaming_query' })).toBe(1);
    expect(await read('agent_ws_cancel_seconds_count')).toBe(1);
    expect(await read('agent_ws_model_calls_total', { outcome: 'cancelled' })).toBe(1);
    await expect.poll(() => read('agent_ws_tokens_after_cancel_total')).toBe(1);
  });

  it('counts resumes and refusals by code', async () => {
    const { url, read } = await measured();
    const client = await TestClient.connect(url);
    await client.ask({ type: 'streaming_query', query: 'Hi', run_id: RUN_ID });
    client.send({ type: 'resume', run_id: RUN_ID, after: 1 });
    await client.next('resumed');
    client.send({ type: 'resume', run_id: RUN_ID, after: 99 });
    await client.next('resumed', ({ reset }) => reset === true);
    client.send({ type: 'resume', run_id: '6f1e8f5e-3f0c-4c52-9f7e-2a4f3a1b2c3d', after: 0 });
    await client.next('error');
    client.send({ type: 'made-up' });
    await client.next('error', ({ code }) => code === 'unknown_type');
    for (const outcome of ['resumed', 'reset', 'run_not_found']) {
      expect(await read('agent_ws_resumes_total', { outcome }), outcome).toBe(1);
    }
    expect(await read('agent_ws_messages_refused_total', { code: 'unknown_type' })).toBe(1);
  });

  it('counts tool calls and decisions, and no name that clients make up', async () => {
    const { url, read, registry } = await measured({ tools: [approve] });
    const client = await TestClient.connect(url);
    const called = client.ask({ type: 'tool_call', tool_name: 'approve', params: {}, run_id: RUN_ID });
    const { tool_call_id } = await client.next('approval_request');
    client.send({ type: 'approval', run_id: RUN_ID, tool_call_id, approved: true });
    expect(await called).toMatchObject({ type: 'tool_result' });
    await client.ask({ type: 'tool_call', tool_name: 'evil"}\n agent_ws_fake 1', params: {} });
    await client.ask({ type: 'streaming_query', query: 'a private question', model: 'mine' });
    expect(await read('agent_ws_tool_calls_total', { tool: 'approve', outcome: 'ok' })).toBe(1);
    expect(await read('agent_ws_tool_call_seconds_count', { tool: 'approve' })).toBe(1);
    expect(await read('agent_ws_approvals_total', { decision: 'approved' })).toBe(1);
    const text = await registry.metrics();
    expect(text).not.toMatch(/evil|agent_ws_fake|mine|private|3f0c1f0e/);
  });

  it('has a fixed set of names, each with the labels of its table', async () => {
    const { registry } = await measured();
    const shown = await registry.getMetricsAsJSON();
    const ofCluster = /^agent_ws_(cluster|partition|redis|log|follow|queue|drain)_/;
    const names = Object.keys(METRICS).filter((name) => !ofCluster.test(name));
    expect(shown.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  it('adds what prom-client knows of the process to a registry of its own', async () => {
    const { agent } = await startServer();
    const { registry } = createMetrics(agent);
    expect(await registry.metrics()).toMatch(/nodejs_eventloop_lag_p99_seconds [^]*agent_ws_connections/);
  });

  it('refuses a registry twice, and options that it does not know', async () => {
    const { agent } = await startServer();
    const registry = new Registry();
    createMetrics(agent, { registry });
    expect(() => createMetrics(agent, { registry })).toThrow('already been registered');
    expect(() => createMetrics(agent, { registri: registry } as never)).toThrow(OptionError);
  });
});
