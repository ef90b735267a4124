import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createMemoryStore, defineTool, type LlmPart, type Store } from '../../src/index.js';
import { createScriptedProvider, TestClient } from '../../src/testing/index.js';
import { RawClient } from '../helpers/raw-client.js';
import { startServer } from '../helpers/server.js';

/** What a node of a cluster does for others, in order. */
type Step = 'announce' | 'leave';

/** A store in memory for a node that has no others yet, and what the node told the cluster. */
function storeOfNode(onStep: (step: Step) => void): Store {
  return {
    ...createMemoryStore(),
    cluster: {
      nodeId: randomUUID(),
      nodes: [],
      isReachable: true,
      join: () => undefined,
      announce: () => onStep('announce'),
      leave: () => {
        onStep('leave');
        return Promise.resolve();
      },
      stop: () => undefined,
      decide: () => undefined,
      read: () => undefined,
      adopt: () => undefined,
      inProgress: () => [],
      watch: () => undefined,
      tell: () => undefined,
    },
  };
}

/** A promise and its key. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('a node of a cluster that ends', () => {
  it('closes the connections of those who can go on elsewhere first, and works on its runs to their end', async () => {
    const { opened, open } = gate();
    const steps: string[] = [];
    const { agent, url, port } = await startServer({
      provider: createScriptedProvider(['Hel', opened, 'lo']),
      store: storeOfNode((step) => steps.push(step)),
    });
    agent.runs.on('end', (run) => steps.push(run.state));
    const client = await TestClient.connect(url);
    const idle = await TestClient.connect(url, { negotiate: false });
    client.send({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    const closed = agent.close({ drainMs: 60_000, closeCode: 'draining' });
    const away = await client.next('going_away');
    // Other nodes accept connections all the time.
    expect(away.reconnect_after_ms).toBeLessThan(100);
    expect((await client.closed).code).toBe(1012);
    expect((await idle.closed).code).toBe(1012);
    expect(agent.runs.size).toBe(1);
    expect(steps).toEqual(['announce']);
    const late = await RawClient.open(port);
    expect(await late.status()).toBe(503);
    expect(await late.headers()).toMatch(/^retry-after: 1$/im);
    open();
    await closed;
    expect(steps).toEqual(['announce', 'finished', 'leave']);
  });

  it('gives a client that cannot resume its whole answer, and then closes', async () => {
    const { opened, open } = gate();
    const other = gate();
    const provider = createScriptedProvider(['Hel', opened, 'lo'], ['long', other.opened]);
    const { agent, url } = await startServer({ provider, store: storeOfNode(() => undefined) });
    const core = await TestClient.connect(url, { negotiate: false });
    const answer = core.ask({ type: 'streaming_query', query: 'Hi' });
    await core.next('stream_chunk');
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    const closed = agent.close({ drainMs: 60_000, closeCode: 'draining' });
    await client.closed;
    await vi.waitFor(() => expect(agent.connections.size).toBe(1));
    open();
    expect(await answer).toMatchObject({ type: 'stream_end' });
    // It need not wait for what others have asked.
    expect((await core.closed).code).toBe(1012);
    expect(agent.runs.size).toBe(1);
    other.open();
    await closed;
  });

  it('leaves a run that waits for a person to another node', async () => {
    const call: LlmPart = { type: 'tool-call', id: 't1', name: 'act', arguments: '{}' };
    const act = defineTool({
      name: 'act',
      description: 'Acts',
      params: z.object({}),
      needsApproval: true,
      execute: () => 'acted',
    });
    const left = vi.fn<(step: Step) => void>();
    const store = storeOfNode(left);
    const { agent, url } = await startServer({ provider: createScriptedProvider([call]), tools: [act], store });
    const client = await TestClient.connect(url);
    const runId = randomUUID();
    client.send({ type: 'streaming_query', query: 'q', run_id: runId });
    await client.next('approval_request');
    await agent.close({ drainMs: 60_000 });
    expect(left.mock.lastCall).toEqual(['leave']);
    expect((await store.runs.open('anonymous', runId))?.state).toBe('waiting_approval');
  });

  it('interrupts at the deadline what still runs', async () => {
    const steps: string[] = [];
    const provider = createScriptedProvider(['a', new Promise(() => undefined)]);
    const { agent, url } = await startServer({ provider, store: storeOfNode((step) => steps.push(step)) });
    agent.runs.on('end', (run) => steps.push(run.state));
    const client = await TestClient.connect(url);
    client.send({ type: 'streaming_query', query: 'Hi' });
    await client.next('stream_chunk');
    await agent.close({ drainMs: 100 });
    expect(steps).toEqual(['announce', 'interrupted', 'leave']);
  });
});
