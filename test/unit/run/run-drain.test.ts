import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineTool, type LlmPart } from '../../../src/index.js';
import { createSqliteStore } from '../../../src/stores/sqlite.js';
import { createScriptedProvider, TestClient } from '../../../src/testing/index.js';
import { startServer } from '../../helpers/server.js';
import { temporaryDatabase } from '../../helpers/sqlite.js';

const call: LlmPart = { type: 'tool-call', id: 't1', name: 'act', arguments: '{"n":1}' };
const act = () =>
  defineTool({
    name: 'act',
    description: 'Acts',
    params: z.object({ n: z.number() }),
    needsApproval: true,
    execute: () => 'acted',
  });

describe('draining over a durable store', () => {
  it('leaves a waiting run as it is, whatever is to become of it when its reader leaves', async () => {
    const path = temporaryDatabase();
    const store = await createSqliteStore({ path });
    const server = await startServer({ provider: createScriptedProvider([call]), tools: [act()], store });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId, on_disconnect: 'cancel' });
    await client.next('approval_request');
    await server.agent.close();
    await store.close();
    const again = await createSqliteStore({ path });
    try {
      expect(again.runs.open('anonymous', runId)?.state).toBe('waiting_approval');
    } finally {
      await again.close();
    }
  });

  it('leaves a run as it is that begins to wait meanwhile', async () => {
    const path = temporaryDatabase();
    const store = await createSqliteStore({ path });
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const server = await startServer({ provider: createScriptedProvider(['a', gate, call]), tools: [act()], store });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await client.next('stream_chunk');
    const closed = server.agent.close({ drainMs: 500 });
    await client.next('going_away');
    open();
    await client.next('approval_request');
    await closed;
    await store.close();
    const again = await createSqliteStore({ path });
    try {
      expect(again.runs.open('anonymous', runId)?.state).toBe('waiting_approval');
    } finally {
      await again.close();
    }
  });

  it('writes nothing more to a waiting run, whatever its other tools come to', async () => {
    const store = await createSqliteStore({ path: temporaryDatabase() });
    const errors: string[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (_: object, text: string) => errors.push(text) };
    let finished: Promise<unknown> | undefined;
    const other = defineTool({
      name: 'other',
      description: 'Works until it is told to stop, and a little longer',
      params: z.object({}),
      execute: (_, { signal }) =>
        (finished = new Promise((resolve) => {
          signal.addEventListener('abort', () => setImmediate(() => setImmediate(resolve, 'late')));
        })),
    });
    const second: LlmPart = { type: 'tool-call', id: 't2', name: 'other', arguments: '{}' };
    const provider = createScriptedProvider([call, second]);
    const server = await startServer({ provider, tools: [act(), other], store, logger });
    const client = await TestClient.connect(server.url);
    client.send({ type: 'streaming_query', query: 'q' });
    await client.next('approval_request');
    await vi.waitFor(() => expect(finished).toBeDefined());
    await server.agent.close();
    await store.close();
    expect(await finished).toBe('late');
    // What the loop does with it.
    await new Promise(setImmediate);
    expect(errors).not.toContain('A run failed');
  });

  it('still takes the decision of a person as long as the client can send it', async () => {
    const store = await createSqliteStore({ path: temporaryDatabase() });
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const provider = createScriptedProvider([call], ['other ', gate], ['done']);
    const server = await startServer({ provider, tools: [act()], store });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await client.next('approval_request');
    client.send({ type: 'streaming_query', query: 'other' });
    await client.next('stream_chunk');
    const closed = server.agent.close({ drainMs: 5_000 });
    await client.next('going_away');
    client.send({ type: 'approval', run_id: runId, tool_call_id: 't1', approved: true, request_id: 'a' });
    const reply = await Promise.race([client.next('error'), client.next('approval_resolved')]);
    open();
    await closed;
    await store.close();
    expect(reply).toMatchObject({ type: 'approval_resolved' });
  });
});

describe('the farewell over a durable store', () => {
  it('still lets another tab cancel a run that waits for a person', async () => {
    const path = temporaryDatabase();
    const store = await createSqliteStore({ path });
    const server = await startServer({ provider: createScriptedProvider([call]), tools: [act()], store });
    const [one, two] = [await TestClient.connect(server.url), await TestClient.connect(server.url)];
    const runId = randomUUID();
    one.send({ type: 'streaming_query', query: 'q', run_id: runId, on_disconnect: 'continue' });
    await one.next('approval_request');
    let reply: unknown;
    await server.agent.runs.drain(0, async () => {
      two.send({ type: 'resume', run_id: runId, after: 0 });
      expect((await two.next('resumed')).pending_approvals).toHaveLength(1);
      two.send({ type: 'cancel', run_id: runId, request_id: 'c' });
      reply = await two.next('cancelled', ({ request_id: id }) => id === 'c');
    });
    expect(reply).toMatchObject({ outcome: 'cancelled', run_ids: [runId] });
    await server.agent.close();
    await store.close();
    const again = await createSqliteStore({ path });
    try {
      expect(again.runs.open('anonymous', runId)?.state).toBe('cancelled');
    } finally {
      await again.close();
    }
  });

  it('interrupts what a person lets go on then', async () => {
    const store = await createSqliteStore({ path: temporaryDatabase() });
    const never = new Promise<never>(() => undefined);
    const server = await startServer({ provider: createScriptedProvider([call], [never]), tools: [act()], store });
    const client = await TestClient.connect(server.url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await client.next('approval_request');
    await server.agent.runs.drain(0, async () => {
      client.send({ type: 'approval', run_id: runId, tool_call_id: 't1', approved: true });
      await client.next('stream_tool_result');
    });
    expect(store.runs.open('anonymous', runId)?.state).toBe('interrupted');
    await server.agent.close();
    await store.close();
  });
});

describe('closing', () => {
  it('does not wait for connections that only watch', async () => {
    const server = await startServer({});
    const client = await TestClient.connect(server.url);
    client.send({ type: 'watch', conversation_id: 'c' });
    await client.next('watching');
    const { connections, messages } = server.agent;
    expect([...connections].map((connection) => messages.isBehind(connection))).toEqual([false]);
    await server.agent.close();
    expect((await client.closed).code).toBe(1001);
  });
});
