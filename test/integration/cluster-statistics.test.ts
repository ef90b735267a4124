import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentClient } from '../../src/client/index.js';
import { createScriptedProvider } from '../../src/testing/index.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { startNodes } from '../helpers/cluster.js';
import { missingRedis, redisOfFile } from '../helpers/redis.js';
import { startServer } from '../helpers/server.js';

interface Statistics {
  readonly active_connections: number;
  readonly active_runs: number;
  readonly connections: readonly object[];
  readonly node_id?: string;
  readonly nodes?: readonly { readonly id: string; readonly active_connections: number; readonly draining: boolean }[];
}

async function statisticsOf(origin: string, query = '?scope=cluster'): Promise<Statistics> {
  return (await (await fetch(`${origin}/ws/statistics${query}`)).json()) as Statistics;
}

describe('the statistics of a server that is alone', () => {
  it('have no nodes, and refuse a scope that does not exist', async () => {
    const { agent, origin, url } = await startServer();
    expect(agent.cluster).toBeUndefined();
    expect(await statisticsOf(origin, '?other=1')).not.toHaveProperty('nodes');
    expect(await statisticsOf(origin)).toMatchObject({ active_connections: 0, nodes: [] });
    expect((await fetch(`${origin}/ws/statistics?scope=world`)).status).toBe(400);
    const client = createAgentClient({ url, WebSocket });
    await client.connect();
    expect(client.greeting?.nodeId).toBeUndefined();
    client.close();
  });
});

describe(`the statistics of a cluster${missingRedis()}`, { skip: missingRedis() !== '' }, () => {
  const redis = redisOfFile();

  it('are the sums of its nodes, and tell who has which connection and which run', async () => {
    const [one, other] = await startNodes(redis.url, 2, {
      server: () => ({
        authenticate: () => ({ id: 'ann' }),
        provider: createScriptedProvider(['Hel', new Promise(() => undefined)]),
      }),
    });
    if (one === undefined || other === undefined) throw new Error('No nodes');
    const clients = [one, one, other].map(({ url }) => createAgentClient({ url, WebSocket }));
    await Promise.all(clients.map((client) => client.connect()));
    const [first, , third] = clients;
    const nodeIds = [one, other].map(({ agent }) => agent.cluster?.nodeId);
    expect([first?.greeting?.nodeId, third?.greeting?.nodeId]).toEqual(nodeIds);
    void third?.ask('Hi').then(
      () => undefined,
      () => undefined,
    );
    await vi.waitFor(async () => {
      expect(await statisticsOf(one.origin)).toMatchObject({ active_connections: 3, active_runs: 1 });
    });
    const { connections, nodes = [], node_id } = await statisticsOf(other.origin);
    expect(node_id).toBe(nodeIds[1]);
    expect(connections).toHaveLength(1);
    expect(nodes.map(({ id }) => id)).toEqual(nodeIds.toSorted());
    expect(nodes.find(({ id }) => id === nodeIds[0])).toMatchObject({ active_connections: 2, draining: false });
    // The documented body is that of one process.
    const plain = await statisticsOf(one.origin, '');
    expect(plain).toMatchObject({ active_connections: 2, active_runs: 0 });
    expect(plain).not.toHaveProperty('nodes');
    // Asked anywhere, the run is at its host.
    expect((await first?.listRuns())?.map(({ nodeId }) => nodeId)).toEqual([nodeIds[1]]);

    const { registry } = createMetrics(one.agent);
    const text = await registry.metrics();
    expect(text).toMatch(/^agent_ws_cluster_members 2$/m);
    expect(text).toMatch(/^agent_ws_redis_up 1$/m);
    expect(text).toMatch(/^agent_ws_cluster_reaped_runs_total 0$/m);
    for (const client of clients) client.close();
  });
});
