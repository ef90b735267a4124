import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { AgentSocketError, defineTool, type AuditEvent } from '../../../src/index.js';
import { TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';

const RUN_ID = '3f0c1f0e-5d5b-4b7a-9c55-0d1f6f2b8a11';

it('tells who connected, was refused, was denied, ran which tool and approved what, and nothing that was said', async () => {
  const pay = defineTool({
    name: 'pay',
    description: 'Pays.',
    params: z.object({ to: z.string() }),
    needsApproval: true,
    execute: () => 'a private result',
  });
  const refund = defineTool({ name: 'refund', description: 'Pays back.', params: z.object({}), execute: () => 'paid' });
  const { agent, url } = await startServer({
    tools: [pay, refund],
    authenticate: ({ headers }) => {
      if (headers['x-user'] === undefined) throw new AgentSocketError('forbidden', 'No');
      return { id: String(headers['x-user']) };
    },
    permissions: (_, action, resource) => action !== 'tool' || (resource as { tool: string }).tool !== 'refund',
    logger: false,
  });
  const events: AuditEvent[] = [];
  agent.audit.on('event', (event) => events.push(event));
  await expect(TestClient.connect(url)).rejects.toThrow('4403');
  const client = await TestClient.connect(url, { headers: { 'x-user': 'alice' } });
  const called = client.ask({ type: 'tool_call', tool_name: 'pay', params: { to: 'a private name' }, run_id: RUN_ID });
  const { tool_call_id } = await client.next('approval_request');
  client.send({ type: 'approval', run_id: RUN_ID, tool_call_id, approved: false, reason: 'a private reason' });
  await called;
  await client.ask({ type: 'streaming_query', query: 'a private question', model: 'other', request_id: 'q' });
  await client.ask({ type: 'tool_call', tool_name: 'refund', params: {}, request_id: 'r' });
  await client.close();
  await vi.waitFor(() => expect(events.at(-1)?.event).toBe('disconnected'));
  const alice = { principalId: 'alice', connectionId: client.connected.connection_id };
  const address = expect.stringContaining('127.0.0.1') as string;
  expect(events.map(({ time: _, ...event }) => JSON.parse(JSON.stringify(event)) as unknown)).toEqual([
    { event: 'refused', remoteAddress: address, code: '4403' },
    { event: 'connected', ...alice, remoteAddress: address },
    { event: 'run', ...alice, runId: RUN_ID, action: 'tool_call', tool: 'pay' },
    { event: 'rejected', principalId: 'alice', runId: RUN_ID, toolCallId: RUN_ID, tool: 'pay' },
    { event: 'tool', ...alice, runId: RUN_ID, toolCallId: RUN_ID, tool: 'pay', code: 'forbidden' },
    { event: 'denied', ...alice, remoteAddress: address, action: 'streaming_query', code: 'forbidden' },
    { event: 'denied', ...alice, remoteAddress: address, action: 'tool_call', code: 'unknown_tool' },
    { event: 'disconnected', ...alice, remoteAddress: address, code: '1000' },
  ]);
  expect(events.every(({ time }) => Math.abs(time - Date.now()) < 60_000)).toBe(true);
  expect(JSON.stringify(events)).not.toContain('private');
});

it('tells of HTTP requests that were refused or denied, whoever judged them', async () => {
  const { agent, origin } = await startServer({
    authenticate: ({ headers }) => {
      const user = headers['x-user'];
      if (user === 'banned') throw new AgentSocketError('forbidden', 'No');
      return user === undefined ? null : { id: String(user), scopes: user === 'alice' ? ['statistics'] : [] };
    },
    permissions: (...[principal, action]) => action !== 'page' && principal.scopes.includes(action),
    logger: false,
  });
  const events: AuditEvent[] = [];
  agent.audit.on('event', (event) => events.push(event));
  const statusOf = async (path: string, user?: string): Promise<number> =>
    (await fetch(origin + path, { headers: user === undefined ? {} : { 'x-user': user } })).status;
  expect(await statusOf('/ws/statistics', 'alice')).toBe(200);
  expect(await statusOf('/healthz')).toBe(200);
  expect(events).toEqual([]);
  expect(await statusOf('/ws/statistics')).toBe(401);
  expect(await statusOf('/ws/statistics', 'banned')).toBe(403);
  expect(await statusOf('/ws/statistics', 'bob')).toBe(403);
  expect(await statusOf('/docs/openapi.json', 'alice')).toBe(403);
  const remoteAddress = expect.stringContaining('127.0.0.1') as string;
  expect(events.map(({ time: _, ...event }) => event)).toEqual([
    { event: 'refused', remoteAddress, action: 'statistics', code: '4401' },
    { event: 'refused', remoteAddress, action: 'statistics', code: '4403' },
    { event: 'denied', principalId: 'bob', remoteAddress, action: 'statistics', code: 'forbidden' },
    { event: 'denied', principalId: 'anonymous', remoteAddress, action: 'page', code: 'forbidden' },
  ]);
});
